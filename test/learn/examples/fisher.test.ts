import { describe, expect, it } from 'vitest';
import reference from '../../../fixtures/features/selection.json' with { type: 'json' };
import { bestFeatures, fisherScores } from '../../../src/learn/examples/fisher.js';

const rows = reference.fisher.rows.map((row) => Float64Array.from(row, (v) => v ?? Number.NaN));

describe('fisherScores', () => {
  it.each(reference.fisher.cases)('equals numpy, masked values left out (case %#)', ({ classes, scores }) => {
    const own = fisherScores(rows, classes);
    for (const [f, score] of scores.entries())
      expect(Math.abs(own[f] - score)).toBeLessThanOrEqual(1e-12 * Math.max(1, score));
  });

  it('is 0 for what is constant or measured in one class only', () => {
    const few = [
      [1, 5, Number.NaN],
      [2, 5, 3],
      [3, 5, Number.NaN],
    ].map((row) => Float64Array.from(row));
    expect([...fisherScores(few, [0, 1, 0])]).toEqual([0, 0, 0]);
    expect([...fisherScores([], [])]).toEqual([]);
  });
});

describe('bestFeatures', () => {
  it('are the highest, the earlier of equal ones', () => {
    expect(bestFeatures(Float64Array.from([1, 3, 2, 3]), 3)).toEqual([1, 3, 2]);
    expect(bestFeatures(Float64Array.from([1]), 100)).toEqual([0]);
  });
});
