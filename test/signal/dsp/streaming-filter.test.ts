import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Chunk } from '../../../src/core/signal.js';
import { designButterworth } from '../../../src/signal/dsp/sos-filter.js';
import { SosVectors } from '../../../src/signal/dsp/sos-vectors.js';
import { StreamingFilter } from '../../../src/signal/dsp/streaming-filter.js';
import { cutChunk, joinChunks } from '../../../src/testing/chunk-invariance.js';
import { chunkOf, streamInfo } from '../../../src/testing/stream-fixtures.js';
import { noise } from '../transforms/signals.js';

const vectors = SosVectors.create()!;
const infoOf = (channels: number) =>
  streamInfo({
    type: 'EEG',
    sfreq: 200,
    labels: Array.from({ length: channels }, (_, c) => `E${c}`),
    unit: 'uV',
  });

function filtered(chunks: readonly Chunk[], order: number, rows: SosVectors | null): Chunk[] {
  const sections = [
    ...designButterworth('highpass', order, 1, 200),
    ...designButterworth('lowpass', order, 75, 200),
  ];
  const filter = new StreamingFilter(chunks[0].info, sections, 0.05, rows);
  return joinChunks(chunks.map((chunk) => filter.process(chunk)));
}

describe('StreamingFilter', () => {
  it('gives the same bits by vectors and one channel at a time, whatever the chunks and what is missing', () => {
    const missing = fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY);
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 5 }),
        fc.integer({ min: 1, max: 9 }),
        fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 1, maxLength: 8 }),
        fc.array(fc.tuple(fc.nat(4), fc.nat(299), missing), { maxLength: 6 }),
        fc.constantFrom(0, 2e5, -1e300),
        fc.nat(1000),
        (channels, order, lengths, holes, offset, seed) => {
          const rows = Array.from({ length: channels }, (_, c) =>
            noise(300, seed + c).map((x) => offset + 20 * x),
          );
          for (const [c, i, value] of holes) if (c < channels) rows[c][i] = value;
          const info = infoOf(channels);
          const whole = [
            chunkOf(
              info,
              rows.map((row) => row.slice(0, 170)),
              0,
            ),
            chunkOf(
              info,
              rows.map((row) => row.slice(170)),
              2,
              true,
            ),
          ];
          const expected = filtered(whole, order, null);
          expect(filtered(whole, order, vectors)).toEqual(expected);
          expect(
            filtered(
              whole.flatMap((chunk) => cutChunk(chunk, lengths)),
              order,
              vectors,
            ),
          ).toEqual(expected);
        },
      ),
      { numRuns: 60 },
    );
  });

  it.each([
    [2, 4096],
    [3, 4097],
    [1, 20_000],
    [62, 50],
    [62, 133],
  ])('gives the same bits for %i channels in chunks of %i samples', (channels, n) => {
    const rows = Array.from({ length: channels }, (_, c) => noise(n, c));
    if (channels > 1) rows[1][n - 1] = Number.NaN;
    const chunks = [chunkOf(infoOf(channels), rows, 0), chunkOf(infoOf(channels), rows, n / 200)];
    expect(filtered(chunks, 4, vectors)).toEqual(filtered(chunks, 4, null));
  });

  it('leaves its input alone', () => {
    const chunk = chunkOf(
      infoOf(3),
      [1, 2, 3].map((seed) => noise(40, seed)),
      0,
    );
    const before = chunk.data.slice();
    filtered([chunk], 4, vectors);
    expect(chunk.data).toEqual(before);
  });
});

describe('SosVectors', () => {
  it('is not there where the runtime has no vectors', () => {
    expect(SosVectors.create(null)).toBeNull();
    const without = { ...WebAssembly, validate: () => false } as unknown as typeof WebAssembly;
    expect(SosVectors.create(without)).toBeNull();
  });

  it('takes cascades that fit into its memory', () => {
    expect([0, 1, 64, 65].map((sections) => vectors.holds(sections))).toEqual([false, true, true, false]);
  });
});
