import { bootstrapDraws, quantile } from './cluster-bootstrap.js';

/** A statistic over people against what nothing would give. */
export interface LowerBound {
  /** Of the people as they are. */
  readonly estimate: number;
  /** 2.5th percentile over draws of people. */
  readonly bound: number;
  /** Share of draws that do not exceed `nothing`, one added to both: one-sided. */
  readonly p: number;
}

const RESAMPLES = 10_000;
const SEED = 1;

/**
 * The bound that must be exceeded before a model may be said to have shown something: people drawn with replacement. NaN where no draw has the
 * statistic.
 *
 * @param people what each person has, in any form
 * @param statistic of several people; NaN where it doesn't exist
 * @param nothing what the statistic is where there is nothing to find
 */
export function lowerBound<T>(
  people: readonly T[],
  statistic: (people: readonly T[]) => number,
  nothing: number,
): LowerBound {
  const drawn = bootstrapDraws(people, statistic, RESAMPLES, SEED);
  const below = drawn.reduce((count, value) => count + (value <= nothing ? 1 : 0), 0);
  return {
    estimate: statistic(people),
    bound: quantile(drawn, 0.025),
    p: drawn.length > 0 ? (1 + below) / (1 + drawn.length) : Number.NaN,
  };
}
