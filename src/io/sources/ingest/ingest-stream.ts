import type { Timer } from '../../../core/clock.js';
import type { DeclaredStream } from '../../protocol/control.js';
import { ProtocolError } from '../../protocol/error-code.js';
import type { DoorStream } from '../door/door-stream.js';
import { requireFewGaps, stampsOf } from './stamps.js';

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
    /** Whether it carries markers. */
    readonly text: boolean,
    readonly door: DoorStream,
  ) {}

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

  /** Takes the frame in, whose steps may hold at most `maxGaps` gaps. @throws ProtocolError about stamps or values. */
  take(frame: IngestFrame, maxGaps: number): void {
    if (this.text !== (frame.text !== null))
      throw new ProtocolError(
        'value-type',
        this.text ? 'this stream carries markers: values are text' : 'this stream carries numbers, no text',
      );
    const { rate_hz } = this.door;
    const stamps = stampsOf(frame, rate_hz);
    requireFewGaps(stamps, maxGaps);
    this.#expected = (frame.seq + 1) >>> 0;
    this.#refused = 0;
    this.door.take(stamps, frame, false, frame.times || frame.samples === 1 ? undefined : rate_hz);
  }
}
