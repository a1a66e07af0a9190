import { describe, expect, it } from 'vitest';
import { MovingSum } from '../../../src/signal/dsp/moving-sum.js';
import { noise } from '../transforms/signals.js';

describe('MovingSum', () => {
  it('sums the last values', () => {
    const sum = new MovingSum(7);
    const x = noise(100, 1);
    for (const [i, v] of x.entries())
      expect(sum.push(v)).toBeCloseTo(
        x.slice(Math.max(0, i - 6), i + 1).reduce((a, b) => a + b),
        12,
      );
  });

  it('forgets garbage after twice its length at most', () => {
    const sum = new MovingSum(5);
    for (const v of [1, 2, 1e300, 4, 5, 6]) sum.push(v);
    let last = 0;
    for (let i = 0; i < 10; i++) last = sum.push(1);
    expect(last).toBe(5);
  });

  it('starts anew', () => {
    const sum = new MovingSum(3);
    sum.push(Number.NaN);
    sum.clear();
    expect(sum.push(2)).toBe(2);
  });
});
