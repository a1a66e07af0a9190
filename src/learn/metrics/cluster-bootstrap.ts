import { Random } from '../../core/random.js';

export interface BootstrapInterval {
  /** Of the data as it is. */
  readonly estimate: number;
  readonly low: number;
  readonly high: number;
  readonly level: number;
  /** Resamples in which the statistic existed. */
  readonly resamples: number;
}

export interface BootstrapSettings {
  readonly resamples: number;
  /** Such as 0.95. */
  readonly level: number;
  readonly seed: number;
}

/**
 * Percentile interval of a statistic over people. Whole people are drawn with replacement, with all that is theirs:
 * windows of one person resemble each other, and as single draws they would make the interval far too narrow.
 *
 * @param people what each person has, in any form
 * @param statistic of several people's, such as the AUC of their windows together; NaN where it doesn't exist
 */
export function clusterBootstrap<T>(
  people: readonly T[],
  statistic: (people: readonly T[]) => number,
  { resamples, level, seed }: BootstrapSettings,
): BootstrapInterval {
  const sorted = bootstrapDraws(people, statistic, resamples, seed);
  return {
    estimate: statistic(people),
    low: quantile(sorted, (1 - level) / 2),
    high: quantile(sorted, (1 + level) / 2),
    level,
    resamples: sorted.length,
  };
}

/** A statistic of whole people drawn with replacement, over and over, ascending; without draws that have none. */
export function bootstrapDraws<T>(
  people: readonly T[],
  statistic: (people: readonly T[]) => number,
  resamples: number,
  seed: number,
): Float64Array {
  const { uniform } = new Random(seed);
  // One list for all: a statistic is done with it before the next is drawn.
  const drawn = [...people];
  const values = new Float64Array(resamples);
  let existing = 0;
  for (let r = 0; r < resamples; r++) {
    for (let i = 0; i < drawn.length; i++) drawn[i] = people[Math.floor(uniform() * people.length)];
    const value = statistic(drawn);
    if (!Number.isNaN(value)) values[existing++] = value;
  }
  return values.slice(0, existing).sort();
}

/** Quantile of ascending values, linear between them (type 7 of Hyndman and Fan); NaN of none. */
export function quantile(sorted: ArrayLike<number>, q: number): number {
  if (sorted.length === 0) return Number.NaN;
  const place = q * (sorted.length - 1);
  const below = Math.floor(place);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below] + (place - below) * (sorted[above] - sorted[below]);
}
