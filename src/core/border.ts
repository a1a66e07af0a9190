import type { Seconds } from './clock.js';
import type { Chunk } from './signal.js';

/**
 * What crosses a border between two parts of ours isn't what both sides agreed on: a fault of our own code, never of who sends. It is
 * contained where it is thrown, as any other (docs/explanation/architecture.md, "Borders").
 */
export class BorderError extends Error {
  override readonly name = 'BorderError';
}

/** Says what must be so where something crosses a border; `what` says what it is instead. @throws BorderError */
export function requireAtBorder(isSo: boolean, what: () => string): asserts isSo {
  if (!isSo) throw new BorderError(what());
}

/** A chunk as a door gives it, and a session takes it: as many values as stamps of each channel, on stamps that don't fall. */
export function requireChunk({ info, data, times }: Chunk, after: Seconds): void {
  const n = times.length;
  requireAtBorder(
    data.length === n * info.channels.length,
    () =>
      `a chunk of ${info.id} has ${data.length} values for ${n} stamps of ${info.channels.length} channels`,
  );
  let last = after;
  for (let i = 0; i < n; i++) {
    const time = times[i];
    // A stamp that is no number isn't above any.
    requireAtBorder(
      time >= last && time < Number.POSITIVE_INFINITY,
      () => `a stamp of ${info.id} is ${time}, behind ${last}`,
    );
    last = time;
  }
}
