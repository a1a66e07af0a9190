import { expect, it } from 'vitest';
import { Random } from '../../../src/core/random.js';
import { conformalHalfWidth } from '../../../src/learn/fit/conformal.js';
import { intervalCoverage } from '../../../src/learn/metrics/interval-coverage.js';

it('counts the labels inside, and the width', () => {
  expect(intervalCoverage([0, 0, 0], [1, 1, 2], [1, 1.5, -1])).toEqual({
    covered: 2 / 3,
    width: expect.closeTo(8 / 3, 12),
  });
});

it('finds the level that conformal intervals promise, over new people', () => {
  const normal = new Random(2).gaussian;
  const person = (): number[] => {
    const scale = Math.exp(0.3 * normal());
    return Array.from({ length: 10 }, () => scale * normal());
  };
  const shares = Array.from({ length: 400 }, () => {
    const half = conformalHalfWidth(
      Array.from({ length: 40 }, () => person().map(Math.abs)),
      0.9,
    )!;
    const errors = person();
    return intervalCoverage(
      errors,
      errors.map(() => half),
      errors.map(() => 0),
    ).covered;
  });
  const mean = shares.reduce((sum, share) => sum + share, 0) / shares.length;
  expect(mean).toBeGreaterThan(0.885);
  expect(mean).toBeLessThan(0.945);
});
