import type { Chunk, StreamInfo } from '../../../src/core/signal.js';
import { chunkOf } from '../../../src/testing/stream-fixtures.js';

/** Uniform noise in -1..1, the same for the same seed (xorshift32). */
export function noise(length: number, seed: number): number[] {
  let state = (seed * 2654435761 + 1) | 0 || 1;
  return Array.from({ length }, () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state / 2147483648;
  });
}

/** Two stretches with a gap between, missing samples in the first channel, an infinity in the last, a flat stretch. */
export function troubledChunks(info: StreamInfo, seconds = 6): Chunk[] {
  const n = Math.round(seconds * info.sfreq);
  const rows = info.channels.map((_, c) =>
    noise(n, c + 1).map((x, i) => 1000 * c + 30 * x + 10 * Math.sin(i / 9)),
  );
  rows[0].fill(Number.NaN, Math.floor(n * 0.1), Math.floor(n * 0.12));
  rows[0][Math.floor(n * 0.9)] = Number.NaN;
  rows.at(-1)!.fill(250, Math.floor(n * 0.5), Math.floor(n * 0.75));
  rows.at(-1)![Math.floor(n * 0.3)] = Number.POSITIVE_INFINITY;
  const cut = Math.floor(n * 0.6);
  return [
    chunkOf(
      info,
      rows.map((row) => row.slice(0, cut)),
      10,
    ),
    chunkOf(
      info,
      rows.map((row) => row.slice(cut)),
      10 + cut / info.sfreq + 3,
      true,
    ),
  ];
}
