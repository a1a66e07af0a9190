import { lineChart } from './line-chart.js';

export interface Trajectory {
  /** End of each window, s. */
  readonly times: readonly number[];
  readonly label: readonly number[];
  readonly predicted: readonly number[];
  /** Half width of the prediction interval of each window. */
  readonly half?: readonly number[];
}

/**
 * Predicted against true course of one dimension, native scale -1 .. 1, as in Hi-MoE, Fig. 2 (courses of valence and
 * arousal).
 */
export function trajectories(
  title: string,
  dimension: string,
  { times, label, predicted, half }: Trajectory,
  leakLabel: string | null,
): string {
  return lineChart({
    title,
    description: `Labelled and predicted ${dimension} over time.`,
    label: leakLabel,
    x: { label: 'time (s)' },
    y: { label: `${dimension} (-1 to 1)`, range: [-1.05, 1.05] },
    series: [
      { name: 'label', points: times.map((t, i) => [t, label[i]] as const) },
      {
        name: half ? 'prediction and its interval' : 'prediction',
        points: times.map((t, i) => [t, predicted[i]] as const),
        ...(half && { band: half.map((h, i) => [predicted[i] - h, predicted[i] + h] as const) }),
      },
    ],
  });
}
