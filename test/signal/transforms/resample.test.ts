import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import reference from '../../../fixtures/dsp/resample.json' with { type: 'json' };
import { type Chunk, channelOf } from '../../../src/core/signal.js';
import { resample } from '../../../src/signal/transforms/resample.js';
import { assertChunkInvariant } from '../../../src/testing/chunk-invariance.js';
import { chunkOf, streamInfo } from '../../../src/testing/stream-fixtures.js';
import { noise, troubledChunks } from './signals.js';

const create = (sfreq_hz: number) => resample.create(resample.params.parse({ sfreq_hz }));
const eeg = (sfreq: number, labels: string[]) => streamInfo({ type: 'EEG', sfreq, labels, unit: 'uV' });

function resampled(sfreq_hz: number, ...chunks: Chunk[]): Chunk[] {
  const processor = create(sfreq_hz);
  processor.reset(chunks[0].info, 'start');
  const out: Chunk[] = [];
  for (const chunk of chunks) processor.process(chunk, (c) => out.push(c));
  return out;
}

describe('resample', () => {
  for (const { sfreq, target, x, y } of reference.cases) {
    it(`equals scipy's upfirdn, ${sfreq} to ${target} Hz`, () => {
      const [out] = resampled(target, chunkOf(eeg(sfreq, ['Cz']), [x], 0));
      expect(out.info.sfreq).toBe(target);
      expect(out.times).toHaveLength(y.length);
      for (const [i, v] of y.entries()) {
        expect(Math.abs(out.data[i] - v)).toBeLessThan(1e-9);
        expect(Math.abs(out.times[i] - i / target)).toBeLessThan(1e-9);
      }
    });
  }

  it('does not depend on chunks; instances share nothing', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(80, 128, 250, 100),
        fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 1, maxLength: 8 }),
        (target, cut) => {
          assertChunkInvariant(() => create(target), troubledChunks(eeg(100, ['Fp1', 'Fp2', 'Cz'])), [cut]);
        },
      ),
      { numRuns: 25 },
    );
  });

  it('uses nothing later than its stamp and keeps a steady level without transient', () => {
    const info = eeg(250, ['Cz']);
    const x = noise(1000, 5);
    const [whole] = resampled(200, chunkOf(info, [x], 0));
    const [changed] = resampled(200, chunkOf(info, [x.map((v, i) => (i >= 500 ? 1e6 : v))], 0));
    for (const [i, t] of whole.times.entries()) if (t < 2) expect(changed.data[i]).toBe(whole.data[i]);
    const [steady] = resampled(200, chunkOf(info, [new Array(500).fill(1e5)], 0));
    for (const v of steady.data) expect(Math.abs(v - 1e5)).toBeLessThan(1e-9);
  });

  it('suppresses what would alias', () => {
    const tone = (hz: number) =>
      Array.from({ length: 4000 }, (_, i) => Math.sin((2 * Math.PI * hz * i) / 500));
    const rms = (hz: number) => {
      const [out] = resampled(100, chunkOf(eeg(500, ['Cz']), [tone(hz)], 0));
      const y = channelOf(out, 0).subarray(200);
      return Math.sqrt(y.reduce((sum, v) => sum + v * v, 0) / y.length);
    };
    expect(rms(20)).toBeCloseTo(Math.SQRT1_2, 3);
    expect(rms(80)).toBeLessThan(2e-3);
  });

  it('starts anew after a gap; a missing sample reaches its surroundings only', () => {
    const info = eeg(100, ['Fp1', 'Fp2']);
    const rows = [noise(400, 1), noise(400, 2)];
    const [, after] = resampled(50, chunkOf(info, rows, 0), chunkOf(info, rows, 20, true));
    const [first] = resampled(50, chunkOf(info, rows, 20));
    expect(after.gapBefore).toBe(true);
    expect(after.data).toEqual(first.data);
    expect(after.times).toEqual(first.times);
    const [holed] = resampled(50, chunkOf(info, [rows[0].map((x, i) => (i === 100 ? NaN : x)), rows[1]], 0));
    const [whole] = resampled(50, chunkOf(info, rows, 0));
    expect(channelOf(holed, 1)).toEqual(channelOf(whole, 1));
    const missing = [...channelOf(holed, 0)].flatMap((v, i) => (Number.isNaN(v) ? [i] : []));
    expect(missing[0]).toBe(50);
    expect(missing).toHaveLength(21);
  });

  it('takes measured rates: stamps follow the samples, and a rhythm keeps its place', () => {
    for (const sfreq of [99.98765, 499.9, 503.3, 1999.9]) {
      const rhythm = Array.from({ length: 10 * Math.round(sfreq) }, (_, i) =>
        Math.sin((2 * Math.PI * 10 * i) / sfreq),
      );
      const [out] = resampled(128, chunkOf(eeg(sfreq, ['Cz']), [rhythm], 0));
      const lag_s = 10 / Math.min(sfreq, 128);
      for (const [i, t] of out.times.entries()) {
        expect(Math.abs(t - i / 128)).toBeLessThan(5e-3);
        if (t > 1) expect(out.data[i]).toBeCloseTo(Math.sin(2 * Math.PI * 10 * (t - lag_s)), 1);
      }
    }
  });

  it('passes the stream on where the rate is right, and refuses what it cannot do', () => {
    const chunk = chunkOf(eeg(128, ['Cz']), [noise(10, 1)], 0);
    expect(resampled(128, chunk)).toEqual([chunk]);
    expect(() => create(128).reset(eeg(0, ['Cz']), 'start')).toThrow(/regular rate/);
    expect(resample.physics!({ sfreq_hz: 128 }, { sfreq_hz: 0.01 })).toHaveLength(1);
    expect(() => create(128).reset(eeg(0.01, ['Cz']), 'start')).toThrow(/more than 4096 times/);
    expect(resample.facts!({ sfreq_hz: 128 }, { stream_type: 'EEG', sfreq_hz: 500 })).toEqual({
      stream_type: 'EEG',
      sfreq_hz: 128,
    });
  });
});
