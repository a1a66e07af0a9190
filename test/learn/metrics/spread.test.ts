import { expect, it } from 'vitest';
import { spread } from '../../../src/learn/metrics/spread.js';

it('leaves out and counts those without a figure', () => {
  expect(spread([1, Number.NaN, 3])).toEqual({
    mean: 2,
    sd: expect.closeTo(Math.SQRT2, 12),
    counted: 2,
    undefined: 1,
  });
  expect(spread([4])).toEqual({ mean: 4, sd: Number.NaN, counted: 1, undefined: 0 });
  expect(spread([]).mean).toBeNaN();
});
