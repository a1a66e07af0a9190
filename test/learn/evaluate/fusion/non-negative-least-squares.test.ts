import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nonNegativeLeastSquares } from '../../../../src/learn/evaluate/fusion/non-negative-least-squares.js';

const size = 4;
/** Thousandths: 0, and otherwise about unit scale. */
const entries = (length: number) =>
  fc.array(
    fc.integer({ min: -1000, max: 1000 }).map((value) => value / 1000),
    { minLength: length, maxLength: length },
  );

describe('nonNegativeLeastSquares', () => {
  it('is the unconstrained solution where that is positive', () => {
    expect(
      nonNegativeLeastSquares(
        [
          [2, 0],
          [0, 4],
        ],
        [2, 2],
      ),
    ).toEqual([1, 0.5]);
  });

  it('meets the conditions of Karush, Kuhn and Tucker, redundant columns too', () => {
    fc.assert(
      fc.property(entries(size * 6), entries(6), (cells, goal) => {
        const columns = Array.from({ length: size }, (_, c) => cells.slice(c * 6, c * 6 + 6));
        columns.push(columns[0].map((value, i) => value + columns[1][i]));
        const dot = (a: readonly number[], b: readonly number[]) =>
          a.reduce((sum, v, i) => sum + v * b[i], 0);
        const gram = columns.map((a) => columns.map((b) => dot(a, b)));
        const right = columns.map((a) => dot(a, goal));
        const x = nonNegativeLeastSquares(gram, right);
        x.forEach((value, i) => {
          const slope = right[i] - dot(gram[i], x);
          expect(value).toBeGreaterThanOrEqual(0);
          expect(slope).toBeLessThan(1e-10);
          if (value > 1e-10) expect(Math.abs(slope)).toBeLessThan(1e-10);
        });
      }),
    );
  });
});
