import { describe, expect, it } from 'vitest';
import { Random } from '../../../src/core/random.js';
import { estimateRate, meanRate } from '../../../src/io/recordings/rate-estimate.js';

const stamps = (n: number, at: (i: number) => number) => Array.from({ length: n }, (_, i) => at(i));

describe('estimateRate', () => {
  it.each([
    ['exact', stamps(100, (i) => i / 250), 250],
    ['a slow one', stamps(100, (i) => i * 4), 0.25],
    ['rounded to milliseconds', stamps(1000, (i) => Number((i / 256).toFixed(3))), 256],
    ['not a whole number', stamps(100, (i) => i / 12.8), 12.8],
    ['unix stamps', stamps(500, (i) => 1.6e9 + i / 60), 60],
    ['lost samples', stamps(300, (i) => (i + Math.floor(i / 40)) / 100), 100],
    ['a long hole', stamps(300, (i) => i / 100 + (i > 100 ? 77 : 0)), 100],
    ['irregular', stamps(300, (i) => i + Math.sin(i * i) / 2.2), 0],
    ['too few', [1, 2], 0],
    ['all the same', [1, 1, 1, 1], 0],
  ])('%s', (_, list, rate) => expect(estimateRate(list)).toBe(rate));
});

describe('meanRate', () => {
  const random = new Random(1);
  it.each([
    ['exact', stamps(100, (i) => i / 250), 250],
    [
      'jitter of two periods',
      stamps(5000, (i) => i / 256 + random.uniform() / 128).sort((a, b) => a - b),
      256,
    ],
    ['packets of twelve', stamps(6000, (i) => Math.floor(i / 12) * (12 / 256)), 256],
    ['packets, and a hole', stamps(12_000, (i) => Math.floor(i / 12) * (12 / 256) + (i > 6000 ? 9 : 0)), 256],
    ['too few', [1, 2], 0],
    ['all the same', [1, 1, 1, 1], 0],
  ])('%s', (_, list, rate) => expect(meanRate(list)).toBe(rate));
});
