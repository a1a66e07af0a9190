import { describe, expect, it } from 'vitest';
import { Random } from '../../../src/core/random.js';
import { lowerBound } from '../../../src/learn/metrics/lower-bound.js';
import { spread } from '../../../src/learn/metrics/spread.js';

const mean = (values: readonly number[]): number => spread(values).mean;

describe('lowerBound', () => {
  it('is the normal one for the mean of many', () => {
    const normal = new Random(3).gaussian;
    const values = Array.from({ length: 400 }, () => 0.5 + normal());
    const { estimate, bound, p } = lowerBound(values, mean, 0.5);
    expect(estimate).toBe(mean(values));
    expect(bound).toBeCloseTo(estimate - 1.96 * (spread(values).sd / 20), 2);
    expect(p).toBeGreaterThan(0.01);
  });

  it('leaves draws without a figure out, and counts those that do not exceed nothing', () => {
    expect(lowerBound([0, 0, 0], mean, 0)).toEqual({ estimate: 0, bound: 0, p: 1 });
    expect(lowerBound([1, 1, 1], mean, 0)).toEqual({ estimate: 1, bound: 1, p: 1 / 10_001 });
    const sometimes = lowerBound([1, Number.NaN], mean, 0.5);
    expect(sometimes).toMatchObject({ estimate: 1, bound: 1 });
    expect(sometimes.p).toBeGreaterThan(1 / 10_001);
    expect(lowerBound([Number.NaN], mean, 0)).toEqual({
      estimate: Number.NaN,
      bound: Number.NaN,
      p: Number.NaN,
    });
  });
});
