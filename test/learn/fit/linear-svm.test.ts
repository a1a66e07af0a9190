import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { linearSvm } from '../../../src/learn/fit/linear-svm.js';
import { applyRidge } from '../../../src/learn/fit/ridge.js';

const path = join(import.meta.dirname, '../../../fixtures/training/linear-svm.json');
const { train, raw } = JSON.parse(readFileSync(path, 'utf8'));
const rows = train.rows.map((row: number[]) => Float32Array.from(row)) as Float32Array[];

/** What the weights are to minimise, and its gradient. */
function objective(weights: Float64Array, own: readonly Float32Array[], sides: readonly number[], c: number) {
  const gradient = Float64Array.from(weights);
  let value = weights.reduce((sum, w) => sum + w * w, 0) / 2;
  own.forEach((row, i) => {
    const short = 1 - sides[i] * applyRidge(weights, row);
    if (short <= 0) return;
    value += c * short * short;
    for (let f = 0; f < weights.length; f++) gradient[f] -= 2 * c * short * sides[i] * (row[f] ?? 1);
  });
  return { value, gradient };
}

const length = (weights: ArrayLike<number>): number => Math.hypot(...Array.from(weights));

describe('linearSvm', () => {
  it.each(raw as { c: number; weights: number[][] }[])(
    "finds scikit-learn's weights at C = $c",
    ({ c, weights }) => {
      for (const [k, expected] of weights.entries()) {
        const sides = train.class.map((own: number) => (own === k ? 1 : -1));
        const found = linearSvm(rows, sides, c);
        expect(found).toHaveLength(expected.length);
        const ours = length(objective(found, rows, sides, c).gradient);
        const theirs = length(objective(Float64Array.from(expected), rows, sides, c).gradient);
        expect(ours).toBeLessThan(1e-10);
        expect(theirs).toBeLessThan(1e-5);
        // No further apart than the slopes that both leave, since the objective curves by 1 or more everywhere.
        expect(length(expected.map((w, f) => w - found[f]))).toBeLessThanOrEqual(ours + theirs);
      }
    },
  );

  it('has no slope where it ends, whatever the rows', () => {
    const row = fc.array(fc.double({ min: -3, max: 3, noNaN: true }), { minLength: 3, maxLength: 3 });
    fc.assert(
      fc.property(
        fc.array(fc.tuple(row, fc.constantFrom(1, -1)), { minLength: 1, maxLength: 30 }),
        fc.constantFrom(0.01, 1, 1000),
        (drawn, c) => {
          const own = drawn.map(([values]) => Float32Array.from(values));
          const sides = drawn.map(([, side]) => side);
          const { gradient, value } = objective(linearSvm(own, sides, c), own, sides, c);
          const start = objective(new Float64Array(4), own, sides, c);
          expect(value).toBeLessThanOrEqual(start.value);
          expect(length(gradient)).toBeLessThanOrEqual(1e-6 * Math.max(1, length(start.gradient)));
        },
      ),
    );
  });

  it('stands midway between two rows that it tells apart', () => {
    const apart = [Float32Array.of(1, 0), Float32Array.of(-1, 0)];
    const found = linearSvm(apart, [1, -1], 1e6);
    [1, 0, 0].forEach((value, f) => {
      expect(found[f]).toBeCloseTo(value, 5);
    });
  });
});
