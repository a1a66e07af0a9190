import { describe, expect, it } from 'vitest';
import reference from '../../../fixtures/montage/splines.json' with { type: 'json' };
import { type Chunk, channelOf, type StreamInfo } from '../../../src/core/signal.js';
import { interpolate } from '../../../src/signal/transforms/interpolate.js';
import { assertChunkInvariant } from '../../../src/testing/chunk-invariance.js';
import { chunkOf, streamInfo } from '../../../src/testing/stream-fixtures.js';
import { noise, troubledChunks } from './signals.js';

const create = (params: Record<string, unknown> = {}) => interpolate.create(interpolate.params.parse(params));
const cap = (labels: readonly string[]) => streamInfo({ type: 'EEG', sfreq: 100, labels, unit: 'uV' });

function through(info: StreamInfo, rows: readonly number[][], params: Record<string, unknown> = {}): Chunk {
  const processor = create(params);
  processor.reset(info, 'start');
  const out: Chunk[] = [];
  processor.process(chunkOf(info, rows, 0), (chunk) => out.push(chunk));
  return out[0];
}

const info = cap(reference.names);
const rows = reference.names.map((_, c) => noise(50, c + 1).map((x) => 1e5 + 40 * x));
const without = (labels: readonly string[], from = 0, to = 50) =>
  rows.map((row, c) =>
    labels.includes(info.channels[c].label) ? row.map((x, i) => (i >= from && i < to ? Number.NaN : x)) : row,
  );

describe('interpolate', () => {
  it.each(reference.cases)("fills $to in with MNE's weights, the others untouched", ({ to, weights }) => {
    const out = through(info, without(to, 10, 40));
    const kept = rows.filter((_, c) => !to.includes(reference.names[c]));
    for (const [c, name] of reference.names.entries()) {
      const expected = Float64Array.from(rows[c], (x, i) =>
        to.includes(name) && i >= 10 && i < 40
          ? kept.reduce((sum, row, j) => sum + weights[to.indexOf(name)][j] * row[i], 0)
          : x,
      );
      const error = Math.max(...channelOf(out, c).map((x, i) => Math.abs(x - expected[i])));
      expect(error, name).toBeLessThan(1e-6 * 1e5);
      if (!to.includes(name)) expect(error).toBe(0);
    }
  });

  it('leaves missing what is more than a fifth of the channels', () => {
    const four = reference.names.slice(0, 4);
    expect(through(info, without(four)).data.some(Number.isNaN)).toBe(false);
    const five = through(info, without(reference.names.slice(0, 5)));
    for (const [c] of reference.names.entries()) expect(channelOf(five, c).every(Number.isNaN)).toBe(c < 5);
    expect(through(info, without(four), { max_share: 0.1 }).data.filter(Number.isNaN)).toHaveLength(200);
  });

  it('has nothing to go on in a headset of four', () => {
    const muse = cap(['TP9', 'AF7', 'AF8', 'TP10']);
    const out = through(muse, [rows[0].map(() => Number.NaN), rows[1], rows[2], rows[3]]);
    expect(channelOf(out, 0).every(Number.isNaN)).toBe(true);
  });

  it('neither uses nor fills in channels that name no electrode', () => {
    const labels = ['AUX', 'Fp1', 'Fp2', 'C3', 'C4', 'O1', ''];
    const own = labels.map((_, c) => rows[c].slice(0, 20));
    own[0].fill(Number.NaN);
    own[1].fill(Number.NaN, 5);
    const out = through(cap(labels), own);
    expect(channelOf(out, 0).every(Number.isNaN)).toBe(true);
    expect(channelOf(out, 1).some(Number.isNaN)).toBe(false);
    const garbage = through(cap(labels), [...own.slice(0, 6), own[6].map(() => 1e300)]);
    expect(channelOf(garbage, 1)).toEqual(channelOf(out, 1));
  });

  it('goes with what is missing from one sample to the next', () => {
    const alone = (label: string) => through(info, without([label])).data;
    const both = rows.map((row, c) =>
      row.map((x, i) => (info.channels[c].label === (i % 2 === 0 ? 'Cz' : 'O1') ? Number.NaN : x)),
    );
    const out = through(info, both).data;
    const [cz, o1] = [alone('Cz'), alone('O1')];
    expect(out).toEqual(out.map((_, k) => ((k % 50) % 2 === 0 ? cz[k] : o1[k])));
  });

  it('does not depend on chunks; instances share nothing', () => {
    assertChunkInvariant(create, troubledChunks(cap(['Fp1', 'Fp2', 'C3', 'C4', 'O1', 'O2'])));
  });
});
