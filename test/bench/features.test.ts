import { describe, expect, it } from 'vitest';
import { benchFeatures } from '../../src/bench/features.js';
import type { Chunk } from '../../src/core/signal.js';
import { bandpass } from '../../src/signal/transforms/bandpass.js';
import { chunkOf, streamInfo } from '../../src/testing/stream-fixtures.js';
import { cutsOf, vectorsOf } from '../signal/features/extractor-runs.js';
import { noise } from '../signal/transforms/signals.js';

describe('benchFeatures', () => {
  it('does the work that it reports', async () => {
    const result = await benchFeatures({ seconds: 0.05, rounds: 1, python: null });
    expect(result).toMatchObject({ bench: 'features', peer_us_per_hop: null, channels: 62, sfreq_hz: 200 });
    expect(result.hops_per_s).toBeGreaterThan(0);
    expect(result.us_per_hop).toBeCloseTo(1e6 / result.hops_per_s, 6);
    // White noise of 20 uV: the mean over five bands of 0.5 ln(2 pi e * 400 * width / 100).
    const widths = [3, 4, 6, 17, 19];
    const expected = widths.reduce((sum, w) => sum + 0.5 * Math.log(2 * Math.PI * Math.E * 4 * w), 0) / 5;
    expect(Math.abs(result.mean_de - expected)).toBeLessThan(0.3);
  });

  it('goes without a peer where Python is missing', async () => {
    const result = await benchFeatures({ seconds: 0.02, rounds: 1, python: '/nowhere/python' });
    expect(result.peer_us_per_hop).toBeNull();
  });

  it('computes the same bits however the chunks are cut', () => {
    const info = streamInfo({
      type: 'EEG',
      sfreq: 200,
      labels: Array.from({ length: 7 }, (_, c) => `E${c}`),
      unit: 'uV',
    });
    const rows = info.channels.map((_, c) => noise(2400, c + 1).map((x) => 2e5 + 20 * x));
    rows[3][1100] = Number.NaN;
    const whole = [
      chunkOf(
        info,
        rows.map((row) => row.slice(0, 1500)),
        0,
      ),
      chunkOf(
        info,
        rows.map((row) => row.slice(1500)),
        7.5,
      ),
    ];
    const times = Array.from({ length: 25 }, (_, k) => 4 + 0.25 * k);
    const vectors = (chunks: readonly Chunk[]) => {
      const clean = bandpass.create(bandpass.params.parse({ low_hz: 1, high_hz: 75, order: 4 }));
      clean.reset(info, 'start');
      const filtered: Chunk[] = [];
      for (const chunk of chunks) clean.process(chunk, (out) => filtered.push(out));
      return vectorsOf('differential-entropy', info, filtered, times).map(({ values }) => values);
    };
    const expected = vectors(whole);
    expect(expected.some((values) => values.every(Number.isFinite))).toBe(true);
    expect(expected.some((values) => values.some(Number.isNaN))).toBe(true);
    for (const chunks of cutsOf(whole)) expect(vectors(chunks)).toEqual(expected);
  });
});
