import type { Spread } from '../../metrics/spread.js';
import { type Axis, lineChart } from './line-chart.js';

/** A figure of one model at each setting of a sweep. */
export interface SweepSeries {
  readonly name: string;
  readonly points: readonly { readonly at: number; readonly spread: Spread }[];
}

/** Means with a band of ± one standard deviation, over missing rates, shifts, or sizes. */
export function sweepCurves(
  title: string,
  x: Axis,
  y: Axis,
  models: readonly SweepSeries[],
  label: string | null,
): string {
  return lineChart({
    title,
    description: `${y.label} against ${x.label}; bands are plus and minus one standard deviation.`,
    label,
    x,
    y,
    series: models.map(({ name, points }) => ({
      name,
      markers: true,
      points: points.map(({ at, spread: { mean } }) => [at, mean] as const),
      band: points.map(({ spread: { mean, sd } }) => {
        // One seed has no spread; the line is drawn all the same.
        const half = Number.isNaN(sd) ? 0 : sd;
        return [mean - half, mean + half] as const;
      }),
    })),
  });
}

/** Agreement against the share of missing modalities, as in Hi-MoE, Fig. 3 (missing rates, all modalities). */
export function missingRateCurves(
  title: string,
  metric: string,
  models: readonly SweepSeries[],
  label: string | null,
): string {
  return sweepCurves(title, { label: 'share of modalities missing' }, { label: metric }, models, label);
}
