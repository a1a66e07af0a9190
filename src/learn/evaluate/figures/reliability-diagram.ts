import type { ReliabilityBin } from '../../metrics/class-probabilities.js';
import { lineChart } from './line-chart.js';

/** Share of right predictions against their confidence; perfect calibration is the diagonal. */
export function reliabilityDiagram(
  title: string,
  models: readonly { readonly name: string; readonly bins: readonly ReliabilityBin[] }[],
  label: string | null,
): string {
  return lineChart({
    title,
    description:
      'Share of right predictions against the probability given; the diagonal is perfect calibration.',
    label,
    x: { label: 'probability given to the predicted class', range: [0, 1] },
    y: { label: 'share of right predictions', range: [0, 1] },
    series: models.map(({ name, bins }) => ({
      name,
      markers: true,
      points: bins.map(({ confidence, accuracy }) => [confidence, accuracy] as const),
    })),
    guide: {
      name: 'perfect',
      points: [
        [0, 0],
        [1, 1],
      ],
    },
  });
}
