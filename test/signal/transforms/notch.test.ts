import { describe, expect, it } from 'vitest';
import reference from '../../../fixtures/dsp/sosfilt.json' with { type: 'json' };
import { type Chunk, channelOf } from '../../../src/core/signal.js';
import { notch } from '../../../src/signal/transforms/notch.js';
import { assertChunkInvariant } from '../../../src/testing/chunk-invariance.js';
import { chunkOf, streamInfo } from '../../../src/testing/stream-fixtures.js';
import { troubledChunks } from './signals.js';

const create = (params: Record<string, unknown> = {}) => notch.create(notch.params.parse(params));
const eeg = (sfreq: number, labels: string[]) => streamInfo({ type: 'EEG', sfreq, labels, unit: 'uV' });

function filtered(params: Record<string, unknown>, chunk: Chunk): Chunk {
  const processor = create(params);
  processor.reset(chunk.info, 'start');
  const out: Chunk[] = [];
  processor.process(chunk, (c) => out.push(c));
  return out[0];
}

describe('notch', () => {
  it("equals scipy's iirnotch from the first sample's steady state", () => {
    const out = filtered({ line_hz: 50, q: 30 }, chunkOf(eeg(200, ['Fp1', 'Fp2']), reference.x, 0));
    for (const [c, row] of reference.notch_50_q30.entries())
      for (const [i, y] of row.entries()) expect(Math.abs(channelOf(out, c)[i] - y)).toBeLessThan(1e-9);
  });

  it('takes out the line and its harmonics and keeps the rest', () => {
    const info = eeg(500, ['Cz']);
    const tone = (hz: number) =>
      Array.from({ length: 5000 }, (_, i) => Math.sin((2 * Math.PI * hz * i) / 500));
    const rms = (hz: number) => {
      const y = channelOf(filtered({ line_hz: 60, harmonics: 9 }, chunkOf(info, [tone(hz)], 0)), 0).subarray(
        4000,
      );
      return Math.sqrt(y.reduce((sum, v) => sum + v * v, 0) / y.length);
    };
    for (const hz of [60, 120, 180]) expect(rms(hz)).toBeLessThan(1e-3);
    for (const hz of [10, 50, 90]) expect(rms(hz)).toBeCloseTo(Math.SQRT1_2, 1);
  });

  it('does not depend on chunks; instances share nothing', () => {
    assertChunkInvariant(() => create({ harmonics: 2 }), troubledChunks(eeg(250, ['Fp1', 'Fp2', 'Cz'])));
  });

  it('passes everything where no harmonic fits', () => {
    const chunk = chunkOf(eeg(64, ['Cz']), [[1, 2, 3]], 0);
    expect(filtered({}, chunk)).toEqual(chunk);
    expect(notch.physics!(notch.params.parse({}), { sfreq_hz: 64 })).toHaveLength(1);
    expect(notch.physics!(notch.params.parse({}), { sfreq_hz: 128 })).toHaveLength(0);
  });
});
