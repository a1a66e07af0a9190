import { midranks } from './midranks.js';

/**
 * Area under the receiver operating characteristic: how often a positive scores higher than a negative, ties counting
 * half (Mann and Whitney). NaN where a class is absent.
 *
 * @param scores [n]
 * @param positive [n]
 */
export function areaUnderRoc(scores: ArrayLike<number>, positive: readonly boolean[]): number {
  const positives = positive.filter(Boolean).length;
  const negatives = positive.length - positives;
  if (positives === 0 || negatives === 0) return Number.NaN;
  const ranks = midranks(scores);
  const sum = positive.reduce((total, is, i) => total + (is ? ranks[i] : 0), 0);
  return (sum - (positives * (positives + 1)) / 2) / (positives * negatives);
}
