import { describe, expect, it } from 'vitest';
import { Random } from '../../../src/core/random.js';
import { rowSpace } from '../../../src/learn/fit/row-space.js';

const normal = new Random(5).gaussian;
const drawn = Array.from({ length: 4 }, () => Float64Array.from({ length: 9 }, () => normal()));
const sum = drawn[0].map((value, f) => 2 * value - drawn[1][f]);
const rows = [drawn[0], drawn[1], sum, new Float64Array(9), drawn[2], drawn[3]];
const dot = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  Array.from(a).reduce((all, value, i) => all + value * b[i], 0);

describe('rowSpace', () => {
  const { coordinates, lift } = rowSpace(rows);

  it('has as many coordinates as rows that say something new, with their lengths and angles', () => {
    for (const own of coordinates) expect(own).toHaveLength(4);
    for (const [i, a] of rows.entries())
      for (const [j, b] of rows.entries())
        expect(dot(coordinates[i], coordinates[j])).toBeCloseTo(dot(a, b), 12);
  });

  it('lifts weights to features: of equal length, and with the same scores', () => {
    const weights = [0.5, -1, 2, 0.25];
    const lifted = lift(weights);
    expect(dot(lifted, lifted)).toBeCloseTo(dot(weights, weights), 12);
    for (const [i, row] of rows.entries())
      expect(dot(row, lifted)).toBeCloseTo(dot(coordinates[i], weights), 12);
  });
});
