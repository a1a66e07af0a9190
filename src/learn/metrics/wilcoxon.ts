import { midranks } from './midranks.js';

export interface PairedTest {
  /** Pairs that the test used. */
  readonly pairs: number;
  readonly statistic: number;
  /** Two-sided; NaN where there is nothing to test. */
  readonly p: number;
}

export interface SignedRankTest extends PairedTest {
  /** One-sided: how likely differences as positive as these are by chance; NaN where there is nothing to test. */
  readonly greater: number;
}

/**
 * Wilcoxon's signed-rank test, exact: every assignment of signs to the ranks that are there, ties
 * too, is counted. Pairs without a difference are left out (Wilcoxon 1945), and those with a NaN.
 *
 * @returns the smaller of the two rank sums as `statistic`
 */
export function wilcoxonSignedRank(a: ArrayLike<number>, b: ArrayLike<number>): SignedRankTest {
  const differences = Array.from(a, (value, i) => value - b[i]).filter((d) => d !== 0 && !Number.isNaN(d));
  const pairs = differences.length;
  // Rounding must not tell apart differences that are equal: 0.3 - 0.2 and 0.2 - 0.1 are one rank.
  const ranks = midranks(differences.map((d) => Number(Math.abs(d).toPrecision(12))));
  const positive = differences.reduce((sum, d, i) => sum + (d > 0 ? ranks[i] : 0), 0);
  const total = (pairs * (pairs + 1)) / 2;
  const statistic = Math.min(positive, total - positive);
  if (pairs === 0) return { pairs, statistic, p: Number.NaN, greater: Number.NaN };
  // Midranks are halves, so twice the rank sum is a whole number. share[s]: of all assignments, those that sum to s.
  const share = new Float64Array(2 * total + 1);
  share[0] = 1;
  let reached = 0;
  for (const rank of ranks) {
    const step = 2 * rank;
    reached += step;
    for (let s = reached; s >= 0; s--) share[s] = (share[s] + (s >= step ? share[s - step] : 0)) / 2;
  }
  const atMost = (sum: number): number => share.subarray(0, 2 * sum + 1).reduce((all, own) => all + own, 0);
  // As likely to be reached from above as the rest from below.
  return { pairs, statistic, p: Math.min(1, 2 * atMost(statistic)), greater: atMost(total - positive) };
}
