import type { Timer } from '../../../core/clock.js';
import type { NotKeptCode } from '../../../core/not-kept-error.js';
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

/** Frames that were taken and are not kept; both ends are among them. */
interface LostFrames {
  from: number;
  to: number;
  readonly code: NotKeptCode;
}

/** So many stretches of lost frames are told apart; what lies between more of them counts as lost. */
const MOST_LOST = 64;

/** One open stream of the ingest path, whichever connection feeds it at the moment. */
export class IngestStream {
  /** Sequence number that comes next. */
  #expected = 0;
  /** How many frames from `#expected` on were refused: the sender may go on behind them, or mend them. */
  #refused = 0;
  /** In order; the sender hasn't given them up. */
  readonly #lost: LostFrames[] = [];
  /** Whether frames that come next were given up before they were sent. */
  #isSkipped = false;
  /** Whether frames since the last that was acknowledged were answered that they aren't kept. */
  isRefusing = false;
  /** Last frame that is safe; null before any. */
  acknowledged: number | null = null;
  /** Waits for the client to come back. */
  grace: Timer | null = null;
  /** Settles once all accepted so far was acknowledged or refused. */
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

  /** Sequence number of the first frame that wasn't taken. */
  get next_seq(): number {
    return this.#expected;
  }

  /** Goes on behind a frame that the daemon before this one recorded. */
  goOn(seq: number): void {
    this.acknowledged = seq;
    this.#expected = (seq + 1) >>> 0;
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
    const gapBefore = this.#isSkipped;
    this.#isSkipped = false;
    this.door.take(stamps, frame, gapBefore, frame.times || frame.samples === 1 ? undefined : rate_hz);
  }

  /** A frame that was taken is not kept. */
  lose(seq: number, code: NotKeptCode): void {
    const last = this.#lost.at(-1);
    if (last && (this.#lost.length >= MOST_LOST || (((seq - last.to) | 0) <= 1 && last.code === code)))
      last.to = seq;
    else this.#lost.push({ from: seq, to: seq, code });
  }

  /** What an `ack` may tell of once all that was taken is safe; `seq`: a frame that was taken. */
  newest(seq: number): number {
    const [first] = this.#lost;
    const newest = ((first?.from ?? this.#expected) - 1) >>> 0;
    return ((newest - seq) | 0) > 0 ? newest : seq;
  }

  /** Why no `ack` may tell of a frame: it isn't kept, or one before it that the sender hasn't given up; null: it may. */
  lostBefore(seq: number): { readonly code: NotKeptCode; readonly isLost: boolean } | null {
    const [first] = this.#lost;
    if (!first || ((seq - first.from) | 0) < 0) return null;
    const isLost = this.#lost.some(({ from, to }) => isWithin(seq, from, to));
    return { code: first.code, isLost };
  }

  /** The sender gives frames up; gives how many of them never came. */
  skip(from: number, to: number): number {
    for (let first = this.#lost[0]; first && isWithin(first.from, from, to); first = this.#lost[0]) {
      if (isWithin(first.to, from, to)) this.#lost.shift();
      else first.from = (to + 1) >>> 0;
    }
    const missing = (to - this.#expected + 1) | 0;
    if (missing <= 0 || ((from - this.#expected) | 0) > 0) return 0;
    this.#expected = (to + 1) >>> 0;
    this.#refused = 0;
    this.#isSkipped = true;
    return missing;
  }
}

const isWithin = (seq: number, from: number, to: number): boolean =>
  ((seq - from) | 0) >= 0 && ((to - seq) | 0) >= 0;
