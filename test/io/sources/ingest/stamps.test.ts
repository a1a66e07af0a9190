import { describe, expect, it } from 'vitest';
import { requireFewGaps, stampsOf } from '../../../../src/io/sources/ingest/stamps.js';

describe('stamps', () => {
  it('follow t0 at the rate in use, each computed from t0', () => {
    const times = stampsOf({ t0: 0.3, times: null, samples: 4 }, 3);
    expect([...times]).toEqual([0.3, 0.3 + 1 / 3, 0.3 + 2 / 3, 0.3 + 3 / 3]);
  });

  it('may be nonsense, as long as they are numbers: what they are is for the clock to tell', () => {
    const times = Float64Array.of(2, 1, 1e300, -5);
    expect([...stampsOf({ t0: Number.NaN, times, samples: 4 }, 10)]).toEqual([...times]);
  });

  it.each([
    ['sample-count', { t0: 0, times: null, samples: 2 }, 0],
    ['sample-count', { t0: Number.NaN, times: Float64Array.of(1), samples: 2 }, 10],
    ['times-not-finite', { t0: Number.POSITIVE_INFINITY, times: null, samples: 1 }, 10],
    ['times-not-finite', { t0: Number.NaN, times: Float64Array.of(1, Number.NaN), samples: 2 }, 10],
  ])('%s: %o at %d Hz', (code, frame, rate_hz) => {
    expect(() => stampsOf(frame, rate_hz)).toThrow(expect.objectContaining({ code }));
  });

  it('of a frame may have few gaps, told by their own median: a rate that is declared wrong has none', () => {
    const steady = Float64Array.from({ length: 100 }, (_, i) => 4 * i);
    expect(() => requireFewGaps(steady, 5)).not.toThrow();
    const holes = Float64Array.from({ length: 100 }, (_, i) => i + 3 * Math.floor(i / 15));
    expect(() => requireFewGaps(holes, 6)).not.toThrow();
    expect(() => requireFewGaps(holes, 5)).toThrow(expect.objectContaining({ code: 'too-many-gaps' }));
    expect(() => requireFewGaps(holes.subarray(0, 5), 5)).not.toThrow();
  });
});
