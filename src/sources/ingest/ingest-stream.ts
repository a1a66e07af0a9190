import type { Seconds, Timer } from '../../core/clock.js';
import { type Chunk, type StreamInfo, sliceChunk } from '../../core/signal.js';
import { type CanonicalStream, canonicalChunk } from '../../dialects/canonical-stream.js';
import type { DeclaredStream } from '../../protocol/control.js';
import { ProtocolError } from '../../protocol/error-code.js';
import { gapsIn, stampsOf } from './stamps.js';
import type { Alignment } from './time-base.js';

/** A frame as it came, in JSON or binary. */
export interface IngestFrame {
  readonly seq: number;
  readonly t0: number;
  readonly times: Float64Array | null;
  readonly samples: number;
  /** [n * C] sample by sample; NaN = missing. */
  readonly values: Float32Array | Float64Array;
  /** [n] text, in streams of markers; then `values` is empty. */
  readonly text: readonly string[] | null;
}

/** Where a frame stands in its stream's sequence. */
export type FramePlace = 'next' | 'duplicate';

/** One open stream of the ingest path, whichever connection feeds it at the moment. */
export class IngestStream {
  /** Sequence number that comes next. */
  #expected = 0;
  /** How many frames from `#expected` on were refused: the sender may go on behind them, or mend them. */
  #refused = 0;
  #last: Seconds = Number.NEGATIVE_INFINITY;
  #parts: readonly CanonicalStream[];
  #alignment: Alignment | null = null;
  /** Last frame that is safe; null before any. */
  acknowledged: number | null = null;
  /** Waits for the client to come back. */
  grace: Timer | null = null;
  /** Resolves once everything accepted so far is safe. */
  safe: Promise<void> = Promise.resolve();

  constructor(
    readonly id: number,
    readonly session: string,
    readonly client: string | null,
    readonly declaration: DeclaredStream,
    parts: readonly CanonicalStream[],
    readonly text: boolean,
  ) {
    this.#parts = parts;
  }

  /** Canonical streams that the declared one holds; ids are unique in the session. */
  get infos(): readonly StreamInfo[] {
    return this.#parts.map((part) => part.info);
  }

  get alignment(): Alignment | null {
    return this.#alignment;
  }

  /**
   * Sequence numbers compare modulo 2^32.
   * @throws ProtocolError `seq-gap`.
   */
  place(seq: number): FramePlace {
    const ahead = (seq - this.#expected) | 0;
    if (ahead < 0) return 'duplicate';
    if (ahead > this.#refused)
      throw new ProtocolError('seq-gap', `frame ${seq} came where ${this.#expected} was expected`, {
        expected: this.#expected,
      });
    return 'next';
  }

  refuse(seq: number): void {
    if (((seq - this.#expected) | 0) === this.#refused) this.#refused++;
  }

  /** The frame's stamps on the sender's clock, with at most `maxGaps` gaps. @throws ProtocolError about stamps or values. */
  stamps(frame: IngestFrame, maxGaps: number): Float64Array {
    if (this.text !== (frame.text !== null))
      throw new ProtocolError(
        'value-type',
        this.text ? 'this stream carries markers: values are text' : 'this stream carries numbers, no text',
      );
    const { sfreq } = this.declaration;
    const stamps = stampsOf(frame, sfreq, this.#last);
    const gaps = gapsIn(stamps, sfreq, this.#last).length;
    if (gaps > maxGaps)
      throw new ProtocolError(
        'too-many-gaps',
        `${gaps} gaps between stamps of a stream that is declared as ${sfreq} Hz; a frame may have ${maxGaps}`,
      );
    return stamps;
  }

  /** Sets how stamps get onto the session clock; before the first {@link accept}. */
  align(alignment: Alignment): void {
    this.#alignment = alignment;
    this.#parts = this.#parts.map((part) => ({
      ...part,
      info: { ...part.info, aligned: alignment.aligned },
    }));
  }

  /**
   * Takes the frame into the sequence.
   * @param stamps From {@link stamps}; brought onto the session clock in place.
   * @returns Its chunks, cut where samples are missing, in order of time for each canonical stream.
   */
  accept(frame: IngestFrame, stamps: Float64Array): Chunk[] {
    const gaps = gapsIn(stamps, this.declaration.sfreq, this.#last);
    this.#expected = (frame.seq + 1) >>> 0;
    this.#refused = 0;
    if (stamps.length > 0) this.#last = stamps[stamps.length - 1];
    const { offset_s } = this.#alignment!;
    if (offset_s !== 0) for (let i = 0; i < stamps.length; i++) stamps[i] += offset_s;
    if (frame.text) return [];
    return this.#parts.flatMap((part) =>
      cut(canonicalChunk(part, finite(frame.values), 'samples', stamps, gaps[0] === 0), gaps),
    );
  }
}

/** Cuts a chunk before each of `gaps`. */
function cut(chunk: Chunk, gaps: readonly number[]): Chunk[] {
  const cuts = gaps.filter((at) => at > 0);
  if (cuts.length === 0) return [chunk];
  const edges = [0, ...cuts, chunk.times.length];
  return edges.slice(1).map((to, i) => {
    const part = sliceChunk(chunk, edges[i], to);
    return i === 0 ? part : { ...part, gapBefore: true };
  });
}

/** An infinite value is no measurement. */
function finite<T extends Float32Array | Float64Array>(values: T): T {
  for (let i = 0; i < values.length; i++) if (!Number.isFinite(values[i])) values[i] = Number.NaN;
  return values;
}
