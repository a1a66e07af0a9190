import { describe, expect, it } from 'vitest';
import { Random } from '../../../src/core/random.js';
import { fitScale } from '../../../src/learn/fit/interval-scale.js';

/** Errors of a Laplace distribution whose scale is `exp(weights . row)`. */
function drawn(n: number, weights: readonly number[]) {
  const { uniform } = new Random(5);
  const rows = Array.from({ length: n }, () => [1, 2 * uniform() - 1, uniform() < 0.3 ? 1 : 0, 7]);
  const errors = rows.map((row) => {
    const along = weights.reduce((sum, w, f) => sum + w * row[f], 0);
    return -Math.log(1 - uniform()) * Math.exp(along);
  });
  return { rows, errors };
}

describe('fitScale', () => {
  it('finds the weights that errors were drawn with, and gives a constant column none', () => {
    const { rows, errors } = drawn(40_000, [-1.2, 0.8, -0.5, 0]);
    const found = fitScale(rows, errors);
    for (const [f, weight] of [-1.2, 0.8, -0.5, 0].entries()) expect(found[f]).toBeCloseTo(weight, 1);
    expect(found[3]).toBe(0);
  });

  it('ends where no direction leads down', () => {
    const { rows, errors } = drawn(60, [0.5, 3, -2, 0]);
    const found = fitScale(rows, errors);
    const columns = [1, 2].map((f) => {
      const mean = rows.reduce((sum, row) => sum + row[f], 0) / rows.length;
      return { mean, sd: Math.sqrt(rows.reduce((sum, row) => sum + (row[f] - mean) ** 2, 0) / rows.length) };
    });
    const value = (w: readonly number[]): number =>
      rows.reduce((sum, row, i) => {
        const along = w.reduce((s, own, f) => s + own * row[f], 0);
        return sum + along + errors[i] * Math.exp(-along);
      }, 0) +
      // The penalty is on weights of columns of unit scale.
      columns.reduce((sum, { sd }, c) => sum + 5 * (w[c + 1] * sd) ** 2, 0);
    const here = value([...found]);
    for (let f = 0; f < 3; f++)
      for (const step of [-1e-3, 1e-3]) {
        const moved = [...found];
        moved[f] += step;
        expect(value(moved)).toBeGreaterThan(here);
      }
  });

  it('is 1 where there is no error to learn from', () => {
    expect([...fitScale([[1, 0.2]], [0])]).toEqual([0, 0]);
    expect([...fitScale([], [])]).toEqual([]);
  });
});
