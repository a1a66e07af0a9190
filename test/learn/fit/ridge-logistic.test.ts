import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Random } from '../../../src/core/random.js';
import { type RidgeLogistic, ridgeLogistic, ridgeLogits } from '../../../src/learn/fit/ridge-logistic.js';
import { softmax } from '../../../src/model/engines/inference.js';

interface Fit {
  classes: number;
  penalty: number;
  weights: number[][];
  probabilities: number[][];
}
const path = join(import.meta.dirname, '../../../fixtures/training/ridge-logistic.json');
const fixture = JSON.parse(readFileSync(path, 'utf8')) as {
  rows: number[][];
  class: number[];
  fits: Fit[];
};

/** Steepest slope of what is to be least, by weights. */
function slope(
  { weights }: RidgeLogistic,
  rows: readonly number[][],
  label: readonly number[],
  penalty: number,
): number {
  const binary = weights.length === 2;
  const slopes = weights.map((own) => own.map((w, f) => (f < own.length - 1 ? penalty * w : 0)));
  rows.forEach((row, i) => {
    const logits = weights.map((own) => own.reduce((sum, w, f) => sum + w * (row[f] ?? 1), 0));
    const p = softmax(Float64Array.from(logits));
    slopes.forEach((own, k) => {
      for (let f = 0; f < own.length; f++) own[f] += (p[k] - (label[i] === k ? 1 : 0)) * (row[f] ?? 1);
    });
  });
  return Math.max(...(binary ? slopes.slice(1) : slopes).flatMap((own) => [...own].map(Math.abs)));
}

describe('ridgeLogistic', () => {
  it.each(fixture.fits)(
    "finds scikit-learn's weights of $classes classes at a penalty of $penalty",
    ({ classes, penalty, weights, probabilities }) => {
      const kept = fixture.class.flatMap((c, i) => (c < classes ? [i] : []));
      const [rows, label] = [kept.map((i) => fixture.rows[i]), kept.map((i) => fixture.class[i])];
      const found = ridgeLogistic(rows, label, classes, penalty);
      expect(slope(found, rows, label, penalty)).toBeLessThan(1e-9);
      const ours = classes === 2 ? found.weights.slice(1) : found.weights;
      weights.forEach((expected, k) => {
        expected.slice(0, -1).forEach((w, f) => {
          expect(ours[k][f]).toBeCloseTo(w, 7);
        });
      });
      probabilities.forEach((expected, i) => {
        const told = softmax(Float64Array.from(ridgeLogits(found, rows[i])));
        expected.forEach((p, k) => {
          expect(told[k]).toBeCloseTo(p, 7);
        });
      });
    },
  );

  it('has no slope where it ends, whatever the rows, separable ones too', () => {
    const row = fc.array(fc.double({ min: -3, max: 3, noNaN: true }), { minLength: 3, maxLength: 3 });
    fc.assert(
      fc.property(
        fc.array(fc.tuple(row, fc.nat(2)), { minLength: 0, maxLength: 30 }),
        fc.constantFrom(2, 3),
        fc.constantFrom(0.01, 1, 1000),
        (drawn, classes, penalty) => {
          // Each class once, so that no offset runs off.
          const all = [
            ...drawn,
            ...Array.from({ length: classes }, (_, c): [number[], number] => [[c, 0, 1], c]),
          ];
          const label = all.map(([, c]) => c % classes);
          const rows = all.map(([values]) => values);
          expect(slope(ridgeLogistic(rows, label, classes, penalty), rows, label, penalty)).toBeLessThan(
            1e-8,
          );
        },
      ),
    );
  });

  it.each([2, 3])(
    'has none of more features than rows either, some of them equal, of %i classes',
    (classes) => {
      const normal = new Random(3).gaussian;
      const drawn = Array.from({ length: 9 }, () => Array.from({ length: 40 }, () => normal()));
      const rows = [...drawn, drawn[0], drawn[1]];
      const label = rows.map((_, i) => i % classes);
      const found = ridgeLogistic(rows, label, classes, 0.5);
      expect(slope(found, rows, label, 0.5)).toBeLessThan(1e-9);
      if (classes === 2) expect([...found.weights[0]]).toEqual(Array(41).fill(0));
    },
  );

  it('gives a class that no row has the probability 0', () => {
    const found = ridgeLogistic([[0.5], [-0.5], [1]], [0, 2, 0], 3, 1);
    const [a, b, c] = softmax(Float64Array.from(ridgeLogits(found, [0.2])));
    expect(b).toBe(0);
    expect(a + c).toBeCloseTo(1, 12);
    expect(a).toBeGreaterThan(c);
    expect(softmax(Float64Array.from(ridgeLogits(ridgeLogistic([[1], [2]], [1, 1], 2, 1), [7])))).toEqual([
      0, 1,
    ]);
  });
});
