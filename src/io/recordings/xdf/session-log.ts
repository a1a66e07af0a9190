import type { Seconds } from '../../../core/clock.js';

/**
 * One line of a session's log, as JSON; it stands in the file before the samples that follow from it. `stream`: the number of a
 * stream in the file; `t`: when it was told, on the clock of the machine that recorded, s.
 */
export type SessionLogLine =
  /** The pipeline was replaced by another; both by their digests. */
  | { readonly k: 'reload'; readonly t: Seconds; readonly from: string; readonly to: string }
  /**
   * A node's model was not asked about windows, for it was too slow: their numbers and ends, s from the session's zero. It stands
   * behind the samples that they follow from.
   */
  | {
      readonly k: 'thinned';
      readonly t: Seconds;
      readonly node: string;
      /** `name@sha256:...` */
      readonly model: string;
      readonly seq: readonly number[];
      readonly time: readonly Seconds[];
    }
  /**
   * Samples were left out of the session's graph: so many (`samples`) from the stream's `chunk`th in the file on, counted from 1; each
   * run has its place in both lists. It stands behind them.
   */
  | {
      readonly k: 'dropped';
      readonly t: Seconds;
      readonly stream: number;
      readonly chunk: readonly number[];
      readonly samples: readonly number[];
    }
  /**
   * The session's graph began anew in the message that is the stream's `chunk`th in the file, counted from 1, lines of this log
   * among them (null: at the session's end), after it had closed so many windows of it, and told so many other things (`given`);
   * or it stays `down`. Without `reason` a reload ended that.
   */
  | {
      readonly k: 'anew';
      readonly t: Seconds;
      readonly stream: number | null;
      readonly chunk: number;
      /** Digest of the pipeline whose graph begins. */
      readonly pipeline: string;
      readonly given: number;
      readonly down: boolean;
      readonly reason?: string;
    }
  /**
   * A part begins, of a recording that began in others; the `restates` lines behind it say again what those told. It is the first of
   * its part.
   */
  | {
      readonly k: 'part';
      readonly t: Seconds;
      readonly part: number;
      readonly after: PartEnd;
      readonly restates: number;
    }
  /** The recording was started in the middle of its session; what held then stands behind it. It is the first of the recording. */
  | { readonly k: 'start'; readonly t: Seconds }
  /** The stamp that is the session's zero, and the clock that it is a stamp of, by name. */
  | { readonly k: 'zero'; readonly t: Seconds; readonly zero: Seconds; readonly clock?: string }
  | StreamLogLine;

/** Up to where a part counts: what comes behind it, of a disk that failed, stands in the part that goes on from there again. */
export interface PartEnd {
  readonly part: number;
  /** From the file's beginning. */
  readonly bytes: number;
}

/** A line about one stream. */
export type StreamLogLine =
  /** `id`: what it was called in the session; `declared`: what its sender said of it. */
  | {
      readonly k: 'open';
      readonly t: Seconds;
      readonly stream: number;
      readonly id?: string;
      readonly declared?: string;
    }
  /** `cut`: it was lost; else its sender closed it. */
  | { readonly k: 'close'; readonly t: Seconds; readonly stream: number; readonly cut?: true }
  /** The stream feeds a source of the pipeline from here on. */
  | { readonly k: 'bind'; readonly t: Seconds; readonly stream: number; readonly source: string }
  /** It fell silent, or is back. */
  | { readonly k: 'stale'; readonly t: Seconds; readonly stream: number; readonly stale: boolean };

/** Null where a text is none of these lines: another version's, or damaged. */
export function parseSessionLogLine(text: string): SessionLogLine | null {
  let line: Partial<Record<string, unknown>> | null;
  try {
    line = JSON.parse(text) as Partial<Record<string, unknown>> | null;
  } catch {
    return null;
  }
  if (line === null || typeof line !== 'object') return null;
  const t = typeof line.t === 'number' ? line.t : 0;
  const { k, stream, source, cut, from, to, zero, stale, node, model, seq, time, chunk, samples } = line;
  const { id, clock, declared } = line;
  if (k === 'reload') return { k, t, from: String(from), to: String(to) };
  if (k === 'thinned') {
    if (typeof node !== 'string' || typeof model !== 'string' || !isNumbers(seq) || !isNumbers(time))
      return null;
    return seq.length === time.length ? { k, t, node, model, seq, time } : null;
  }
  if (k === 'part') {
    const { part, after, restates } = line;
    if (typeof part !== 'number' || typeof restates !== 'number' || !isPartEnd(after)) return null;
    return { k, t, part, after: { part: after.part, bytes: after.bytes }, restates };
  }
  if (k === 'start') return { k, t };
  if (k === 'zero')
    return typeof zero === 'number' ? { k, t, zero, ...(typeof clock === 'string' && { clock }) } : null;
  if (k === 'anew') return anewLine(t, line);
  if (typeof stream !== 'number') return null;
  if (k === 'open') {
    const told = typeof declared === 'string' ? { declared } : {};
    return { k, t, stream, ...(typeof id === 'string' && { id }), ...told };
  }
  if (k === 'close') return { k, t, stream, ...(cut === true && { cut }) };
  if (k === 'bind' && typeof source === 'string') return { k, t, stream, source };
  if (k === 'dropped' && isCounts(chunk) && isCounts(samples) && chunk.length === samples.length)
    return { k, t, stream, chunk, samples };
  if (k === 'stale' && typeof stale === 'boolean') return { k, t, stream, stale };
  return null;
}

function anewLine(t: Seconds, line: Partial<Record<string, unknown>>): SessionLogLine | null {
  const { stream, chunk, pipeline, given, down, reason } = line;
  if (!(stream === null || typeof stream === 'number') || !isCount(chunk)) return null;
  if (typeof pipeline !== 'string' || !isCount(given) || typeof down !== 'boolean') return null;
  const told = typeof reason === 'string' ? { reason } : {};
  return { k: 'anew', t, stream, chunk, pipeline, given, down, ...told };
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isCounts(value: unknown): value is number[] {
  return Array.isArray(value) && value.every(isCount);
}

function isPartEnd(value: unknown): value is PartEnd {
  const { part, bytes } = (value ?? {}) as Partial<Record<string, unknown>>;
  return typeof part === 'number' && typeof bytes === 'number';
}

function isNumbers(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'number');
}
