import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import reference from '../../../fixtures/dsp/sosfilt.json' with { type: 'json' };
import type { Chunk } from '../../../src/core/signal.js';
import { channelOf } from '../../../src/core/signal.js';
import { bandpass } from '../../../src/signal/transforms/bandpass.js';
import { assertChunkInvariant } from '../../../src/testing/chunk-invariance.js';
import { chunkOf, streamInfo } from '../../../src/testing/stream-fixtures.js';
import { noise, troubledChunks } from './signals.js';

const create = (params: Record<string, unknown>) => bandpass.create(bandpass.params.parse(params));
const eeg = (sfreq: number, labels: string[]) => streamInfo({ type: 'EEG', sfreq, labels, unit: 'uV' });

function filtered(params: Record<string, unknown>, chunk: Chunk): Float64Array[] {
  const processor = create(params);
  processor.reset(chunk.info, 'start');
  const out: Chunk[] = [];
  processor.process(chunk, (c) => out.push(c));
  return chunk.info.channels.map((_, c) => channelOf(out[0], c));
}

describe('bandpass', () => {
  it("equals scipy's sosfilt with sosfilt_zi, missing for the first 1 / low_hz seconds", () => {
    const info = eeg(200, ['Fp1', 'Fp2']);
    const rows = filtered({ low_hz: 1, high_hz: 75, order: 4 }, chunkOf(info, reference.x, 0));
    for (const [c, row] of rows.entries())
      for (const [i, y] of row.entries()) {
        if (i < 200) expect(y).toBeNaN();
        else expect(Math.abs(y - reference.y[c][i])).toBeLessThan(1e-9);
      }
  });

  it('does not depend on chunks; instances share nothing', () => {
    const info = eeg(100, ['Fp1', 'Fp2', 'Cz']);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 1, maxLength: 12 }), (cut) => {
        assertChunkInvariant(() => create({ low_hz: 2, high_hz: 30 }), troubledChunks(info), [cut]);
      }),
      { numRuns: 25 },
    );
  });

  it('starts anew after a gap and after a missing sample, in that channel alone', () => {
    const info = eeg(100, ['Fp1', 'Fp2']);
    const rows = [noise(600, 1), noise(600, 2)];
    const whole = filtered({ low_hz: 2 }, chunkOf(info, rows, 0));
    const holed = filtered(
      { low_hz: 2 },
      chunkOf(info, [rows[0].map((x, i) => (i === 300 ? NaN : x)), rows[1]], 0),
    );
    expect(holed[1]).toEqual(whole[1]);
    expect(holed[0].subarray(0, 300)).toEqual(whole[0].subarray(0, 300));
    expect([...holed[0].subarray(300, 351)].every(Number.isNaN)).toBe(true);
    expect(holed[0][351]).not.toBeNaN();
    const fresh = filtered({ low_hz: 2 }, chunkOf(info, [rows[0].slice(301), rows[1].slice(301)], 0));
    expect(holed[0].subarray(301)).toEqual(fresh[0]);

    const processor = create({ low_hz: 2 });
    processor.reset(info, 'start');
    const out: Chunk[] = [];
    processor.process(
      chunkOf(
        info,
        rows.map((r) => r.slice(0, 301)),
        0,
      ),
      () => {},
    );
    processor.process(
      chunkOf(
        info,
        rows.map((r) => r.slice(301)),
        9,
        true,
      ),
      (c) => out.push(c),
    );
    expect(channelOf(out[0], 0)).toEqual(fresh[0]);
    expect(out[0].gapBefore).toBe(true);
  });

  it('gives no transient for an offset of 1e5 uV', () => {
    const info = eeg(200, ['Cz']);
    const [row] = filtered({ low_hz: 1, high_hz: 75 }, chunkOf(info, [new Array(1000).fill(1e5)], 0));
    for (const y of row.subarray(200)) expect(Math.abs(y)).toBeLessThan(1e-5);
  });

  it('lowers a high edge above 0.45 of the rate to it', () => {
    const chunk = chunkOf(eeg(100, ['Cz']), [noise(300, 3)], 0);
    expect(filtered({ high_hz: 75 }, chunk)).toEqual(filtered({ high_hz: 45 }, chunk));
    expect(filtered({ high_hz: 75 }, chunk)[0][0]).not.toBeNaN();
  });

  it('refuses parameters that make no band', () => {
    for (const bad of [
      {},
      { low_hz: 0 },
      { low_hz: 5, high_hz: 5 },
      { low_hz: 1, order: 0 },
      { low_hz: 1, q: 1 },
    ])
      expect(bandpass.params.safeParse(bad).success, JSON.stringify(bad)).toBe(false);
    const params = bandpass.params.parse({ low_hz: 50, high_hz: 75 });
    expect(bandpass.physics!(params, { sfreq_hz: 100 }).map((p) => p.path)).toEqual([['low_hz']]);
    expect(bandpass.physics!(params, { sfreq_hz: 200 })).toEqual([]);
    expect(() => bandpass.create(params).reset(eeg(0, ['Cz']), 'start')).toThrow(/regular rate/);
    const high = { ...params, low_hz: 46 };
    expect(() => bandpass.create(high).reset(eeg(100, ['Cz']), 'start')).toThrow(
      /above 0.45 x its rate of 100 Hz/,
    );
  });
});
