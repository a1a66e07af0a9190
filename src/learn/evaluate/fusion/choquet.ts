import { nonNegativeLeastSquares } from './non-negative-least-squares.js';

/** A corner of the 2-additive fuzzy measures: one source alone, or the lesser or the greater of two. */
interface Corner {
  readonly kind: 'own' | 'lesser' | 'greater';
  /** One or two. */
  readonly sources: readonly number[];
}

/**
 * A fuzzy measure of n sources in which they interact by pairs: 2-additive (Grabisch 1997), of which two sources have no
 * others. Every such measure is a convex combination of its corners (Miranda, Combarro & Gil
 * 2006, Eur. J. Oper. Res. 174), and so is its Choquet integral, which makes the fit a quadratic program on a simplex.
 */
export interface FuzzyMeasure {
  readonly corners: readonly Corner[];
  /** One a corner, at least 0, sum 1. */
  readonly weights: readonly number[];
}

function cornersOf(sources: number): Corner[] {
  const all = Array.from({ length: sources }, (_, i) => i);
  const pairs = all.flatMap((i) => all.slice(i + 1).map((k) => [i, k] as const));
  return [
    ...all.map((i): Corner => ({ kind: 'own', sources: [i] })),
    ...pairs.flatMap((pair): Corner[] => [
      { kind: 'lesser', sources: pair },
      { kind: 'greater', sources: pair },
    ]),
  ];
}

/** What a corner makes of scores, NaN = absent; null where it says nothing without what is absent. */
function valueAt({ kind, sources }: Corner, scores: ArrayLike<number>): number | null {
  const there = sources.map((i) => scores[i]).filter((score) => !Number.isNaN(score));
  if (there.length === 0 || (kind === 'lesser' && there.length < sources.length)) return null;
  return kind === 'lesser' ? Math.min(...there) : Math.max(...there);
}

/**
 * The measure whose Choquet integral is nearest to `target` in least squares.
 *
 * @param scores [n][sources], nothing absent
 * @param target [n]
 */
export function fitMeasure(scores: readonly ArrayLike<number>[], target: readonly number[]): FuzzyMeasure {
  const corners = cornersOf(scores[0].length);
  const gram = corners.map(() => corners.map(() => 0));
  scores.forEach((row, i) => {
    const off = corners.map((corner) => valueAt(corner, row)! - target[i]);
    for (const [a, x] of off.entries())
      for (const [b, y] of off.entries()) gram[a][b] += (x * y) / scores.length;
  });
  // With weights of sum 1 the residual is a mixture of `off`. Its least on the simplex lies in the direction of the least
  // of |off w|^2 + (sum w - 1)^2 over w >= 0, because that falls and rises with it along every ray.
  const free = nonNegativeLeastSquares(
    gram.map((row) => row.map((value) => value + 1)),
    corners.map(() => 1),
  );
  const sum = free.reduce((all, weight) => all + weight, 0);
  return { corners, weights: free.map((weight) => weight / sum) };
}

/**
 * The Choquet integral of scores in 0..1. Without the sources that are absent (NaN) the measure of the others is what it
 * was, over that of all of them; where it gave them nothing, they count alike. NaN where all are absent.
 */
export function choquetIntegral({ corners, weights }: FuzzyMeasure, scores: ArrayLike<number>): number {
  let [sum, measure] = [0, 0];
  for (const [c, corner] of corners.entries()) {
    const value = valueAt(corner, scores);
    if (value === null) continue;
    sum += weights[c] * value;
    measure += weights[c];
  }
  return measure > SMALLEST
    ? sum / measure
    : meanOf(Array.from(scores).filter((score) => !Number.isNaN(score)));
}

const SMALLEST = 1e-9;

const meanOf = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

/** Shapley value of each source: its share in the measure; sum 1. */
export function importance({ corners, weights }: FuzzyMeasure): number[] {
  const shares = corners.flatMap(({ kind }) => (kind === 'own' ? [0] : []));
  for (const [c, { sources }] of corners.entries())
    for (const i of sources) shares[i] += weights[c] / sources.length;
  return shares;
}
