import { expect, it } from 'vitest';
import { holm } from '../../../src/learn/metrics/holm.js';

it('multiplies the smallest p by the number of tests, and keeps the order', () => {
  // R: p.adjust(c(0.01, 0.04, 0.03, 0.005), "holm") = 0.03 0.06 0.06 0.02
  const adjusted = holm([0.01, 0.04, 0.03, 0.005]);
  for (const [i, p] of [0.03, 0.06, 0.06, 0.02].entries()) expect(adjusted[i]).toBeCloseTo(p, 12);
  expect(holm([Number.NaN, 0.04, 0.9])).toEqual([Number.NaN, 0.08, 0.9]);
  expect(holm([0.8, 0.9])).toEqual([1, 1]);
});
