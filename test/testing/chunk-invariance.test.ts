import { describe, expect, it } from 'vitest';
import type { ChunkProcessor } from '../../src/core/processor.js';
import { assertChunkInvariant, cutChunk, joinChunks } from '../../src/testing/chunk-invariance.js';
import { chunkOf, streamInfo } from '../../src/testing/stream-fixtures.js';

const info = streamInfo({ type: 'EEG', sfreq: 10, labels: ['a', 'b'], unit: 'uV' });
const chunk = chunkOf(
  info,
  [
    [1, 2, 3, 4, 5, 6, 7, 8],
    [8, 7, 6, 5, 4, 3, 2, 1],
  ],
  0,
);
const mapping = (map: (data: Float64Array) => Float64Array): ChunkProcessor => ({
  reset: (i) => i,
  process: (c, emit) => emit({ ...c, data: map(c.data) }),
});

describe('assertChunkInvariant', () => {
  it('passes what depends on samples alone', () => {
    assertChunkInvariant(() => mapping((data) => data.map((x) => 2 * x)), chunk);
  });

  it('finds what depends on chunks', () => {
    const demeaning = () => mapping((data) => data.map((x) => x - data[0]));
    expect(() => assertChunkInvariant(demeaning, chunk)).toThrow(/chunks of 1 .* another output/);
  });

  it('finds state that instances share', () => {
    let sum = 0;
    const shared = (): ChunkProcessor => ({
      reset: (i) => {
        sum = 0;
        return i;
      },
      process: (c, emit) => {
        const data = c.data.map((x) => {
          sum += x;
          return sum;
        });
        emit({ ...c, data });
      },
    });
    expect(() =>
      assertChunkInvariant(
        shared,
        chunkOf(streamInfo({ type: 'EEG', sfreq: 10, labels: ['a'], unit: '' }), [[1, 2, 3]], 0),
      ),
    ).toThrow(/share state/);
  });

  it('finds a processor that writes to its input', () => {
    expect(() =>
      assertChunkInvariant(
        () => mapping((data) => data.fill(1)),
        chunkOf(
          info,
          [
            [1, 2],
            [3, 4],
          ],
          0,
        ),
      ),
    ).toThrow(/wrote to its input/);
  });

  it('cuts and joins without loss', () => {
    expect(joinChunks(cutChunk(chunk, [3, 1, 2]))).toEqual([chunk]);
    expect(cutChunk(chunk, [3, 1]).map((c) => c.times.length)).toEqual([3, 1, 1, 1, 1, 1]);
  });
});
