import { solveCholesky } from './cholesky.js';

/** Weighs on weights of unit-scale columns, against errors summed over rows. */
const PENALTY = 10;
/** Where no step is longer, the least is found. */
const STILL = 1e-10;
const MOST_STEPS = 100;

/**
 * How large errors are, as a line says it: weights w of `exp(w . row)`, the scale of a Laplace distribution, at their greatest
 * likelihood under a small quadratic penalty: the least of `sum w . row + |error| exp(-w . row)`, which has one bottom, by
 * Newton's method. A column that never changes gets the weight 0; so does everything where no error is above 0.
 *
 * @param rows [n][F], the first column 1
 * @param errors [n] absolute errors
 */
export function fitScale(rows: readonly ArrayLike<number>[], errors: ArrayLike<number>): Float64Array {
  const width = rows[0]?.length ?? 0;
  const total = Array.from(errors).reduce((sum, error) => sum + error, 0);
  if (!(total > 0)) return new Float64Array(width);
  const { mean, sd } = columns(rows, width);
  const unit = new Float64Array(rows.length * width);
  rows.forEach((row, i) => {
    for (let f = 0; f < width; f++) unit[i * width + f] = f === 0 ? 1 : (row[f] - mean[f]) / sd[f];
  });
  const weights = newton(unit, errors, width, Math.log(total / rows.length));
  const out = weights.map((w, f) => (f === 0 ? w : w / sd[f]));
  for (let f = 1; f < width; f++) out[0] -= out[f] * mean[f];
  return out;
}

/** Mean and deviation of each column; a constant column's deviation is infinite, so that it takes no part. */
function columns(
  rows: readonly ArrayLike<number>[],
  width: number,
): { mean: Float64Array; sd: Float64Array } {
  const mean = new Float64Array(width);
  const sd = new Float64Array(width);
  for (const row of rows) for (let f = 0; f < width; f++) mean[f] += row[f] / rows.length;
  for (const row of rows)
    for (let f = 0; f < width; f++) sd[f] += ((row[f] - mean[f]) * (row[f] - mean[f])) / rows.length;
  return { mean, sd: sd.map((v) => (v > 1e-12 ? Math.sqrt(v) : Number.POSITIVE_INFINITY)) };
}

function newton(unit: Float64Array, errors: ArrayLike<number>, width: number, offset: number): Float64Array {
  const n = unit.length / width;
  const weights = new Float64Array(width);
  weights[0] = offset;
  const penalties = weights.map((_, f) => (f === 0 ? 0 : PENALTY));
  const valueAt = (at: Float64Array): number => {
    let value = 0;
    for (let f = 0; f < width; f++) value += (penalties[f] / 2) * at[f] * at[f];
    for (let i = 0; i < n; i++) {
      const along = dot(unit, i * width, at);
      value += along + errors[i] * Math.exp(-along);
    }
    return value;
  };
  let value = valueAt(weights);
  for (let step = 0; step < MOST_STEPS; step++) {
    const slope = weights.map((w, f) => penalties[f] * w);
    const curvature = new Float64Array(width * width);
    for (let f = 0; f < width; f++) curvature[f * width + f] = penalties[f];
    for (let i = 0; i < n; i++) {
      const pull = errors[i] * Math.exp(-dot(unit, i * width, weights));
      for (let f = 0; f < width; f++) {
        const x = unit[i * width + f];
        slope[f] += x * (1 - pull);
        for (let g = 0; g <= f; g++) curvature[f * width + g] += pull * x * unit[i * width + g];
      }
    }
    const change = solveCholesky(curvature, slope, width);
    // Full steps end it; far from the bottom the sum's curve misleads, and half of a step is tried.
    let share = 1;
    let next = weights.map((w, f) => w - change[f]);
    let found = valueAt(next);
    while (!(found <= value) && share > 1e-6) {
      share /= 2;
      next = weights.map((w, f) => w - share * change[f]);
      found = valueAt(next);
    }
    weights.set(next);
    value = found;
    if (change.every((c) => Math.abs(c) <= STILL)) break;
  }
  return weights;
}

function dot(unit: Float64Array, from: number, weights: Float64Array): number {
  let sum = 0;
  for (let f = 0; f < weights.length; f++) sum += unit[from + f] * weights[f];
  return sum;
}
