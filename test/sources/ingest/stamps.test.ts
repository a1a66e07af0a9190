import { describe, expect, it } from 'vitest';
import { gapsIn, stampsOf } from '../../../src/sources/ingest/stamps.js';

const never = Number.NEGATIVE_INFINITY;

describe('stamps', () => {
  it('follow t0 at the nominal rate, each computed from t0', () => {
    const times = stampsOf({ t0: 0.3, times: null, samples: 4 }, 3, never);
    expect([...times]).toEqual([0.3, 0.3 + 1 / 3, 0.3 + 2 / 3, 0.3 + 3 / 3]);
  });

  it.each([
    ['sample-count', { t0: 0, times: null, samples: 2 }, 0, never],
    ['sample-count', { t0: Number.NaN, times: Float64Array.of(1), samples: 2 }, 10, never],
    ['times-not-finite', { t0: Number.POSITIVE_INFINITY, times: null, samples: 1 }, 10, never],
    ['times-not-finite', { t0: Number.NaN, times: Float64Array.of(1, Number.NaN), samples: 2 }, 10, never],
    ['times-not-finite', { t0: 1e12, times: null, samples: 1 }, 10, never],
    ['times-not-increasing', { t0: Number.NaN, times: Float64Array.of(2, 1), samples: 2 }, 10, never],
    ['times-not-increasing', { t0: 0.9, times: null, samples: 1 }, 10, 1],
  ])('%s: %o at %d Hz after %d', (code, frame, sfreq, last) => {
    expect(() => stampsOf(frame, sfreq, last)).toThrow(expect.objectContaining({ code }));
  });

  it('lie apart by a gap above 1.5 sample periods', () => {
    expect(gapsIn(Float64Array.of(0, 0.1, 0.25, 0.4), 10, never)).toEqual([]);
    expect(gapsIn(Float64Array.of(0, 0.1, 0.2601, 0.36), 10, never)).toEqual([2]);
    expect(gapsIn(Float64Array.of(1.26), 10, 1.1)).toEqual([0]);
    expect(gapsIn(Float64Array.of(1.25), 10, 1.1)).toEqual([]);
    expect(gapsIn(Float64Array.of(1, 50), 0, 0)).toEqual([]);
  });
});
