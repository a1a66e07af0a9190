import type { RiskCoverage } from '../../metrics/risk-coverage.js';
import { lineChart } from './line-chart.js';

/** Points drawn of each curve: more than a page can show serve nobody. */
const POINTS = 200;

/** Mean loss of the surest predictions against the share that is kept. */
export function riskCoverageCurves(
  title: string,
  loss: string,
  models: readonly { readonly name: string; readonly curve: RiskCoverage }[],
  label: string | null,
): string {
  return lineChart({
    title,
    description: `${loss} of the surest predictions, against the share of predictions kept.`,
    label,
    x: { label: 'share of predictions kept, the surest first', range: [0, 1] },
    y: { label: loss },
    series: models.map(({ name, curve: { coverage, risk } }) => {
      const step = Math.max(1, Math.ceil(coverage.length / POINTS));
      const kept = coverage.flatMap((_, i) => ((coverage.length - 1 - i) % step === 0 ? [i] : []));
      return { name, points: kept.map((i) => [coverage[i], risk[i]] as const) };
    }),
  });
}
