import { agreement } from './agreement.js';
import type { Seconds } from './clock.js';
import type { Truth, TruthTrack } from './truth.js';

type Bounds = readonly [low: number, high: number];

/** What of a prediction is held against the truth. */
export interface Estimate extends Readonly<Record<keyof Truth, number | null>> {
  readonly window: readonly [Seconds, Seconds];
  readonly interval: ({ readonly level: number } & Readonly<Record<keyof Truth, Bounds | null>>) | null;
  readonly valid: boolean;
}

/** How valid windows' estimates of one dimension agree with the truth over them. */
export interface TruthScore {
  /** Valid windows with an estimate and the truth. */
  readonly windows: number;
  /** NaN where either is constant, or there is no window. */
  readonly ccc: number;
  /** NaN where there is no window. */
  readonly mae: number;
  /** Share of truths inside their intervals, and the intervals' level; null where no window has one. */
  readonly coverage: { readonly share: number; readonly level: number } | null;
}

/**
 * Holds estimates against the truth: the mean of it over each window, as a model learnt it.
 * @param zero stamp, on the truth's clock, of the windows' 0
 */
export function truthScore(
  estimates: readonly Estimate[],
  truth: TruthTrack,
  dimension: keyof Truth,
  zero: Seconds = 0,
): TruthScore {
  const [predicted, labels]: [number[], number[]] = [[], []];
  let [intervals, covered, level] = [0, 0, 0];
  for (const { window, interval, valid, [dimension]: value } of estimates) {
    if (!valid || value === null) continue;
    const label = truth.mean(window[0] + zero, window[1] + zero)?.[dimension];
    if (label === undefined) continue;
    predicted.push(value);
    labels.push(label);
    const bounds = interval?.[dimension];
    if (!interval || !bounds) continue;
    level = interval.level;
    intervals++;
    if (bounds[0] <= label && label <= bounds[1]) covered++;
  }
  const { ccc, mae } = agreement(predicted, labels);
  return {
    windows: labels.length,
    ccc: labels.length > 0 ? ccc : Number.NaN,
    mae: labels.length > 0 ? mae : Number.NaN,
    coverage: intervals > 0 ? { share: covered / intervals, level } : null,
  };
}
