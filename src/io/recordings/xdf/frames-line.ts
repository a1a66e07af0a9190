import type { Seconds } from '../../../core/clock.js';

/**
 * A line of a session's log behind frames of a stream, in the same sync: what a sender was told is kept of them. It is no message, and
 * readers of samples pass it over.
 */
export interface FramesLine {
  readonly k: 'frames';
  /** When the last of them was taken, on the clock of the machine that recorded, s. */
  readonly t: Seconds;
  /** The stream's number in the file, and who sent it. */
  readonly stream: number;
  readonly client: string;
  /** Which chunk of the stream in the file the first of them begins with, counted from 1. */
  readonly chunk: number;
  /** Of each frame: its number, how many samples of it the file has, and the CRC-32 of the chunks that hold them. */
  readonly seq: readonly number[];
  readonly n: readonly number[];
  readonly crc: readonly number[];
  /** Stamp of the last sample by the sender's clock. */
  readonly raw: Seconds;
  /** Another such line follows that belongs to this one: either all of them count, or none. */
  readonly more?: true;
}

const BEGINS = '{"k":"frames",';

/** Whether the text of a line is one of these, without reading it: there are many. */
export function isFramesLine(text: string): boolean {
  return text.startsWith(BEGINS);
}

/** Null where a text is no such line, or damaged. */
export function parseFramesLine(text: string): FramesLine | null {
  if (!isFramesLine(text)) return null;
  let line: Partial<Record<string, unknown>>;
  try {
    line = JSON.parse(text) as Partial<Record<string, unknown>>;
  } catch {
    return null;
  }
  const { t, stream, client, chunk, seq, n, crc, raw, more } = line;
  if (typeof t !== 'number' || typeof client !== 'string' || typeof raw !== 'number') return null;
  if (!isCount(stream) || !isCount(chunk) || !isCounts(seq) || !isCounts(n) || !isCounts(crc)) return null;
  if (seq.length === 0 || n.length !== seq.length || crc.length !== seq.length) return null;
  return { k: 'frames', t, stream, client, chunk, seq, n, crc, raw, ...(more === true && { more }) };
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isCounts(value: unknown): value is number[] {
  return Array.isArray(value) && value.every(isCount);
}
