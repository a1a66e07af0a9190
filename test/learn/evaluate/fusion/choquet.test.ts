import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import reference from '../../../../fixtures/evaluation/choquet.json' with { type: 'json' };
import {
  choquetIntegral,
  type FuzzyMeasure,
  fitMeasure,
  importance,
} from '../../../../src/learn/evaluate/fusion/choquet.js';

/** The measure of a set is the integral of the set's indicator. */
const measureOf = (measure: FuzzyMeasure, sources: number, set: readonly number[]): number =>
  choquetIntegral(
    measure,
    Array.from({ length: sources }, (_, i) => (set.includes(i) ? 1 : 0)),
  );

describe.each(reference.cases.map((one) => ({ ...one, sources: one.scores[0].length })))(
  'fitMeasure of $sources sources',
  ({ scores, target, loss, measure, probe, integral, shapley, sources }) => {
    const fitted = fitMeasure(scores, target);

    it('gives the measure that scipy finds under every monotonicity', () => {
      const own = scores.reduce((sum, row, i) => {
        const off = choquetIntegral(fitted, row) - target[i];
        return sum + (off * off) / scores.length;
      }, 0);
      expect(own).toBeCloseTo(loss, 8);
      for (const [set, value] of measure as [number[], number][])
        expect(measureOf(fitted, sources, set), `{${set}}`).toBeCloseTo(value, 4);
    });

    it('integrates as the definition does, and shares as Shapley does', () => {
      probe.forEach((row, i) => {
        expect(choquetIntegral(fitted, row)).toBeCloseTo(integral[i], 4);
      });
      importance(fitted).forEach((share, i) => {
        expect(share).toBeCloseTo(shapley[i], 4);
      });
    });
  },
);

describe('fitMeasure', () => {
  const probability = fc.double({ min: 0, max: 1, noNaN: true });

  it('ends on scores that are all but nothing', () => {
    const scores = [
      [2.6e-5, 7.2e-82],
      [1e-145, 3.3e-282],
      [5e-49, 8.4e-64],
      [5.7e-222, 5.1e-219],
      [5.2e-27, 5.1e-288],
      [8.2e-283, 8e-51],
    ];
    const fitted = fitMeasure(scores, [0, 1, 1, 1, 0, 0]);
    expect(measureOf(fitted, 2, [0, 1])).toBeCloseTo(1, 6);
  });

  it('is p_lo + mu({hi}) (p_hi - p_lo) of two, and monotone whatever the data', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(probability, probability, fc.boolean()), { minLength: 2, maxLength: 20 }),
        (rows) => {
          const scores = rows.map(([a, b]) => [a, b]);
          const fitted = fitMeasure(
            scores,
            rows.map(([, , hit]) => Number(hit)),
          );
          const own = [measureOf(fitted, 2, [0]), measureOf(fitted, 2, [1])];
          for (const mu of own) {
            expect(mu).toBeGreaterThanOrEqual(-1e-9);
            expect(mu).toBeLessThanOrEqual(1 + 1e-9);
          }
          for (const [a, b] of scores) {
            const [low, high] = a < b ? [a, b] : [b, a];
            const two = low + own[a < b ? 1 : 0] * (high - low);
            expect(choquetIntegral(fitted, [a, b])).toBeCloseTo(two, 9);
          }
        },
      ),
    );
  });

  it('trusts the source that is right', () => {
    const scores = Array.from({ length: 40 }, (_, i) => [i % 2, ((i * 7) % 10) / 10]);
    const fitted = fitMeasure(
      scores,
      scores.map(([right]) => right),
    );
    expect(importance(fitted)[0]).toBeCloseTo(1, 6);
    expect(choquetIntegral(fitted, [0.3, 0.9])).toBeCloseTo(0.3, 6);
  });
});

describe('choquetIntegral', () => {
  const measure: FuzzyMeasure = {
    corners: [
      { kind: 'own', sources: [0] },
      { kind: 'own', sources: [1] },
      { kind: 'lesser', sources: [0, 1] },
      { kind: 'greater', sources: [0, 1] },
    ],
    weights: [0.4, 0, 0.3, 0.3],
  };

  it('leaves out what is absent', () => {
    expect(choquetIntegral(measure, [0.2, 0.8])).toBeCloseTo(0.4 * 0.2 + 0.3 * 0.2 + 0.3 * 0.8, 12);
    expect(choquetIntegral(measure, [0.2, Number.NaN])).toBeCloseTo(0.2, 12);
    expect(choquetIntegral({ ...measure, weights: [0, 0, 1, 0] }, [Number.NaN, 0.7])).toBeCloseTo(0.7, 12);
    expect(choquetIntegral(measure, [Number.NaN, Number.NaN])).toBeNaN();
  });
});
