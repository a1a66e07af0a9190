import { solveCholesky } from './cholesky.js';

/**
 * Linear regression with a quadratic penalty on the weights, the offset last.
 *
 * @param rows [n][F], about unit scale
 * @param target [n]
 * @param offset_penalty default: the offset is free
 * @returns F weights and the offset
 */
export function ridge(
  rows: readonly ArrayLike<number>[],
  target: readonly number[],
  penalty: number,
  offset_penalty = 0,
): Float64Array {
  const size = rows[0].length + 1;
  const normal = new Float64Array(size * size);
  const right = new Float64Array(size);
  rows.forEach((row, i) => {
    const at = (f: number): number => (f < row.length ? row[f] : 1);
    for (let a = 0; a < size; a++) {
      const value = at(a);
      if (value === 0) continue;
      right[a] += value * target[i];
      for (let b = 0; b < a; b++) normal[a * size + b] += value * row[b];
      normal[a * size + a] += value * value;
    }
  });
  for (let a = 0; a < size - 1; a++) normal[a * size + a] += penalty;
  normal[size * size - 1] += offset_penalty;
  return solveCholesky(normal, right, size);
}

/** Weights of {@link ridge} on one row. */
export function applyRidge(weights: Float64Array, row: ArrayLike<number>): number {
  let sum = weights[row.length];
  for (let f = 0; f < row.length; f++) sum += weights[f] * row[f];
  return sum;
}
