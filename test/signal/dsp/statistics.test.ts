import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { finiteMean, median, trendOf } from '../../../src/signal/dsp/statistics.js';

describe('trendOf', () => {
  const times = Float64Array.of(0, 1, 2, 3);

  it('leaves out what is not finite', () => {
    const trend = trendOf(times, Float64Array.of(1, Number.NaN, 5, 7));
    expect(trend.n).toBe(3);
    expect(trend.mean).toBeCloseTo(13 / 3, 12);
    expect(trend.slope).toBeCloseTo(2, 12);
    expect(trend.residual_sd).toBeCloseTo(0, 6);
  });

  it('keeps its precision beside an offset of 1e5', () => {
    const trend = trendOf(times, Float64Array.of(1e5, 1e5 + 0.1, 1e5, 1e5 + 0.1));
    expect(trend.sd).toBeCloseTo(0.05, 9);
    expect(trend.slope).toBeCloseTo(0.02, 9);
  });

  it('is undefined where it must be', () => {
    expect(trendOf(times, new Float64Array(4).fill(Number.NaN))).toEqual({
      n: 0,
      mean: NaN,
      sd: NaN,
      slope: NaN,
      residual_sd: NaN,
    });
    expect(trendOf(Float64Array.of(0, 1), Float64Array.of(1, 2)).slope).toBeNaN();
    expect(trendOf(Float64Array.of(1, 1, 1), Float64Array.of(1, 2, 3)).slope).toBeNaN();
  });
});

describe('finiteMean and median', () => {
  it('are NaN of nothing', () => {
    expect(finiteMean([])).toBeNaN();
    expect(finiteMean([1, Number.NaN, 3, Number.POSITIVE_INFINITY])).toBe(2);
    expect(median([])).toBeNaN();
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 2, 3])).toBe(2.5);
    expect(median([9, 1, 2, 0], 3)).toBe(2);
  });

  it('has the median of the sorted values, and leaves them as they were', () => {
    const numbers = fc.array(fc.double({ noNaN: true, min: -1e9, max: 1e9 }), {
      minLength: 1,
      maxLength: 200,
    });
    const ties = fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 50 });
    fc.assert(
      fc.property(fc.oneof(numbers, ties), (values) => {
        const before = [...values];
        const sorted = [...values].sort((a, b) => a - b);
        const half = sorted.length >> 1;
        const wanted = sorted.length % 2 === 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
        expect(median(values) === wanted).toBe(true);
        expect(values).toEqual(before);
      }),
    );
  });
});
