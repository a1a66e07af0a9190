import { describe, expect, it } from 'vitest';
import { KeptBins } from '../../../../src/io/sinks/signals/kept-bins.js';

const row = (value: number, channels = 1) => ({
  least: new Float64Array(channels).fill(value),
  greatest: new Float64Array(channels).fill(value + 1),
  gap: value % 7 === 0,
});
/** The second `s` at 20 bins a second. */
const second = (s: number, channels = 1) => ({
  ...{ per_s: 20, first: 20 * s },
  rows: Array.from({ length: 20 }, (_, i) => (i === 3 ? null : row(20 * s + i, channels))),
});

describe('kept bins', () => {
  it('are those of the last minute, as they were', () => {
    const kept = new KeptBins(1, 20);
    for (let s = 0; s < 90; s++) kept.keep(second(s));
    const all = [...kept.bins()];
    expect(all).toEqual(Array.from({ length: 60 }, (_, i) => second(30 + i)));
    expect(kept.size).toBe(60 * 20 * 2);
    kept.clear();
    expect([kept.size, [...kept.bins()]]).toEqual([0, []]);
  });

  it('tell a bin whose samples are all missing from one without samples, and its gap', () => {
    const kept = new KeptBins(1, 20);
    const rows = [row(Number.NaN), { ...row(Number.NaN), gap: true }, null];
    kept.keep({ per_s: 20, first: 0, rows });
    expect([...kept.bins()]).toEqual([{ per_s: 20, first: 0, rows }]);
  });

  it('keep nothing of what is wider than all that may be kept', () => {
    const kept = new KeptBins(200_000, 20);
    kept.keep({ per_s: 20, first: 0, rows: [row(1, 200_000)] });
    expect([kept.size, [...kept.bins()]]).toEqual([0, []]);
  });

  it('begin anew where the clock was set back', () => {
    const kept = new KeptBins(1, 20);
    for (const s of [50, 51, 10]) kept.keep(second(s));
    expect([...kept.bins()].map(({ first }) => first)).toEqual([200]);
  });

  it('take 1 MB at most: fewer seconds of more channels', () => {
    const kept = new KeptBins(1024, 20);
    for (let s = 0; s < 60; s++) kept.keep(second(s, 1024));
    expect(4 * kept.size).toBeLessThanOrEqual(1_048_576);
    expect([...kept.bins()].at(-1)?.first).toBe(20 * 59);
    const usual = new KeptBins(64, 20);
    for (let s = 0; s < 90; s++) usual.keep(second(s, 64));
    expect([...usual.bins()]).toHaveLength(60);
  });
});
