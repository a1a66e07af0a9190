import { expect, it } from 'vitest';
import { penaltyGrid } from '../../../../src/learn/evaluate/contestants/penalty-grid.js';

it('is evenly apart in logarithms, the largest first, and ends where it says', () => {
  expect(penaltyGrid(4)).toEqual([10_000, 100, 1, 0.01]);
  expect(penaltyGrid(5)).toEqual([10_000, 316, 10, 0.316, 0.01]);
  expect(penaltyGrid(10)).toHaveLength(10);
});
