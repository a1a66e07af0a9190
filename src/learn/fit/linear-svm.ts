import { applyRidge, ridge } from './ridge.js';

/** Of the objective: less to gain than this is none. */
const SMALLEST_GAIN = 1e-10;
/** A step must gain this share of what its slope promises (Armijo). */
const SHARE_OF_SLOPE = 0.01;

/**
 * A linear support vector machine as LIBLINEAR's: the least of 0.5 |w|^2 + c sum max(0, 1 - y w'x)^2, its offset
 * among the weights. Newton's method, which ends: each step aims at the ridge regression on the rows within the margin
 * (Keerthi & DeCoste 2005, A modified finite Newton method for fast solution of large scale linear SVMs).
 *
 * @param rows [n][F], about unit scale
 * @param sides [n] 1 or -1
 * @param c what a row within the margin costs
 * @returns F weights and the offset, for {@link applyRidge}
 */
export function linearSvm(rows: readonly Float32Array[], sides: readonly number[], c: number): Float64Array {
  const penalty = 1 / (2 * c);
  const marginsOf = (weights: Float64Array): Float64Array =>
    Float64Array.from(rows, (row, i) => sides[i] * applyRidge(weights, row));
  const objective = (weights: Float64Array, margins: Float64Array): number =>
    penalty * dot(weights, weights) +
    margins.reduce((sum, margin) => (margin < 1 ? sum + (1 - margin) * (1 - margin) : sum), 0);

  let weights: Float64Array = new Float64Array(rows[0].length + 1);
  let margins: Float64Array = marginsOf(weights);
  for (;;) {
    const within = rows.flatMap((_, i) => (margins[i] < 1 ? [i] : []));
    const aim =
      within.length === 0
        ? new Float64Array(weights.length)
        : ridge(
            within.map((i) => rows[i]),
            within.map((i) => sides[i]),
            penalty,
            penalty,
          );
    const direction = aim.map((weight, f) => weight - weights[f]);
    const turn = marginsOf(direction);
    const slope = within.reduce(
      (sum, i) => sum - 2 * (1 - margins[i]) * turn[i],
      2 * penalty * dot(weights, direction),
    );
    const before = objective(weights, margins);
    if (-slope <= SMALLEST_GAIN * before) return aim;
    const along = (from: Float64Array, by: Float64Array, length: number): Float64Array =>
      from.map((value, i) => value + length * by[i]);
    let length = 1;
    while (
      objective(along(weights, direction, length), along(margins, turn, length)) >
      before + SHARE_OF_SLOPE * length * slope
    )
      length /= 2;
    weights = along(weights, direction, length);
    margins = along(margins, turn, length);
  }
}

function dot(a: Float64Array, b: Float64Array): number {
  return a.reduce((sum, value, i) => sum + value * b[i], 0);
}
