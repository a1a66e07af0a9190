import assert from 'node:assert/strict';
import type { ChunkProcessor } from '../core/processor.js';
import { type Chunk, sliceChunk } from '../core/signal.js';

/** Everything that a processor emitted, joined where no gap lies between. */
function run(processor: ChunkProcessor, chunks: readonly Chunk[]): Chunk[] {
  const emitted: Chunk[] = [];
  if (chunks.length === 0) return emitted;
  processor.reset(chunks[0].info, 'start');
  for (const chunk of chunks)
    processor.process(chunk, (out) => {
      if (out.times.length > 0) emitted.push(out);
    });
  return joinChunks(emitted);
}

/** Joins chunks of one stream between which no gap lies. */
export function joinChunks(chunks: readonly Chunk[]): Chunk[] {
  const groups: Chunk[][] = [];
  for (const chunk of chunks) {
    const last = groups.at(-1);
    if (last && !chunk.gapBefore) last.push(chunk);
    else groups.push([chunk]);
  }
  return groups.map((group) => {
    const { info, gapBefore } = group[0];
    const n = group.reduce((sum, chunk) => sum + chunk.times.length, 0);
    const data = new Float64Array(info.channels.length * n);
    const times = new Float64Array(n);
    let at = 0;
    for (const chunk of group) {
      const length = chunk.times.length;
      times.set(chunk.times, at);
      for (let c = 0; c < info.channels.length; c++)
        data.set(chunk.data.subarray(c * length, (c + 1) * length), c * n + at);
      at += length;
    }
    return { info, data, times, gapBefore };
  });
}

/** Cuts a chunk into pieces of `lengths` samples, the last length repeating to the end; lengths below 1 count as 1. */
export function cutChunk(chunk: Chunk, lengths: readonly number[]): Chunk[] {
  const pieces: Chunk[] = [];
  for (let at = 0, i = 0; at < chunk.times.length; i++) {
    const length = Math.max(1, Math.floor(lengths[Math.min(i, lengths.length - 1)] ?? 1));
    const end = Math.min(at + length, chunk.times.length);
    pieces.push(sliceChunk(chunk, at, end));
    at = end;
  }
  return pieces;
}

/**
 * Proves that what a processor gives doesn't depend, to the last bit, on how samples are cut into chunks, that it
 * leaves its input alone, and that two instances share no state. Each run gets a fresh processor.
 *
 * @param createProcessor makes a new processor.
 * @param chunks consecutive chunks of one stream.
 * @param cuts chunk lengths to try; each is one way to cut (see {@link cutChunk}).
 * @throws AssertionError that names the cut whose output differs.
 */
export function assertChunkInvariant(
  createProcessor: () => ChunkProcessor,
  chunks: Chunk | readonly Chunk[],
  cuts: readonly (readonly number[])[] = [[1], [7], [64], [3, 1, 50, 2, 11]],
): void {
  const whole = joinChunks('times' in chunks ? [chunks] : chunks);
  const before = whole.map((chunk) => ({ data: chunk.data.slice(), times: chunk.times.slice() }));
  const expected = run(createProcessor(), whole);
  for (const [i, chunk] of whole.entries())
    assert.deepEqual({ data: chunk.data, times: chunk.times }, before[i], 'the processor wrote to its input');
  for (const lengths of cuts) {
    const pieces = whole.flatMap((chunk) => cutChunk(chunk, lengths));
    const name = `chunks of ${lengths.join(', ')} ... samples`;
    assert.deepEqual(run(createProcessor(), pieces), expected, `${name} give another output than one chunk`);
    assert.deepEqual(
      runBesideAnother(createProcessor, pieces),
      expected,
      `${name}: two instances share state`,
    );
  }
}

/** Runs `pieces` while a second instance is fed the same samples negated, chunk by chunk. */
function runBesideAnother(createProcessor: () => ChunkProcessor, pieces: readonly Chunk[]): Chunk[] {
  const emitted: Chunk[] = [];
  const [one, other] = [createProcessor(), createProcessor()];
  one.reset(pieces[0].info, 'start');
  other.reset(pieces[0].info, 'start');
  for (const piece of pieces) {
    other.process({ ...piece, data: piece.data.map((x) => -x) }, () => {});
    one.process(piece, (out) => {
      if (out.times.length > 0) emitted.push(out);
    });
  }
  return joinChunks(emitted);
}
