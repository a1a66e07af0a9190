import { expect, it } from 'vitest';
import { Random } from '../../../../src/core/random.js';
import { FadingMoments } from '../../../../src/signal/features/signs/fading-moments.js';

it('is the plain mean and variance while nothing has faded', () => {
  const moments = new FadingMoments(1 / 10);
  expect(moments.variance).toBeNaN();
  for (const x of [3, 5, 10, 2]) moments.push(x);
  expect(moments.mean).toBeCloseTo(5, 12);
  expect(moments.variance).toBeCloseTo((4 + 0 + 25 + 9) / 3, 12);
  expect(moments.share).toBeCloseTo(1 / 4, 12);
});

it('forgets: n values ago weighs as the powers of what each leaves', () => {
  const moments = new FadingMoments(1 / 4);
  for (let i = 0; i < 60; i++) moments.push(100);
  for (let i = 0; i < 60; i++) moments.push(-7);
  expect(moments.mean).toBeCloseTo(-7, 5);
  expect(moments.variance).toBeCloseTo(0, 3);
  // The sum of squares of 1/4 (3/4)^k.
  expect(moments.share).toBeCloseTo(1 / 16 / (1 - 9 / 16), 12);
});

it('has an unbiased variance', () => {
  const random = new Random(1);
  const runs = Array.from({ length: 2000 }, () => {
    const moments = new FadingMoments(1 / 5);
    for (let i = 0; i < 30; i++) moments.push(2 * random.gaussian());
    return moments.variance;
  });
  expect(runs.reduce((sum, x) => sum + x, 0) / runs.length).toBeCloseTo(4, 0);
});
