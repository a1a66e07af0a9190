import { describe, expect, it } from 'vitest';
import type { Chunk, StreamInfo } from '../../../src/core/signal.js';
import { ChunkBuilder } from '../../../src/io/recordings/chunk-builder.js';

const info = (sfreq: number): StreamInfo => ({
  id: 's',
  name: 's',
  type: 'Gaze',
  sourceId: '',
  sfreq,
  channels: ['x', 'y'].map((label) => ({ label, unit: 'px', type: 'gaze' })),
});

function build(
  sfreq: number,
  chunk: number | null,
  stamps: readonly number[],
  broken: readonly number[] = [],
) {
  const builder = new ChunkBuilder(info(sfreq), chunk);
  const chunks: (Chunk | null)[] = stamps.map((time, i) => {
    const before = builder.begin(time, broken.includes(i));
    builder.set(0, i);
    builder.set(1, -i);
    return before;
  });
  chunks.push(builder.end());
  return chunks.flatMap((c) => (c ? [{ times: [...c.times], data: [...c.data], gap: c.gapBefore }] : []));
}

describe('ChunkBuilder', () => {
  it('cuts after the given number of samples and at gaps', () => {
    expect(build(10, 2, [0, 0.1, 0.2, 5, 5.1], [3])).toEqual([
      { times: [0, 0.1], data: [0, 1, -0, -1], gap: false },
      { times: [0.2], data: [2, -2], gap: false },
      { times: [5, 5.1], data: [3, 4, -3, -4], gap: true },
    ]);
  });

  it('chooses half a second, and cuts irregular streams by time', () => {
    const regular = build(
      8,
      null,
      [0, 1, 2, 3, 4].map((i) => i / 8),
    );
    expect(regular.map((chunk) => chunk.times.length)).toEqual([4, 1]);
    const irregular = build(0, null, [0, 0.4, 0.5, 3]);
    expect(irregular.map((chunk) => chunk.times)).toEqual([[0, 0.4], [0.5], [3]]);
  });

  it('marks a gap even where a chunk was full', () => {
    expect(build(10, 1, [0, 9], [1]).map((chunk) => chunk.gap)).toEqual([false, true]);
  });
});
