import type { Clock, Seconds, Timer } from '../core/clock.js';
import { type Chunk, period_s, type StreamInfo, type StreamMessage } from '../core/signal.js';

/** How long every stream that feeds a source must be silent before the clock speaks for it, s. */
const ALL_SILENT_S = 2;
const TICK_S = 0.25;

/** The stream that ticks go by: one value, of no meaning; what counts is the stamp. */
export const tickStream: StreamInfo = {
  ...{ id: 'affectd-ticks', name: 'affectd ticks', type: 'Ticks', sourceId: 'affectd-ticks', sfreq: 0 },
  channels: [{ label: 'tick', unit: '', type: 'Ticks' }],
};

/**
 * Gives a live session a stream `Ticks`, whose stamps say how far time has come where no stream that feeds a source says
 * so: windows close, masked, although every sensor is silent. What feeds nothing, such as a headset's motion sensor that goes
 * on, speaks for none. Being a stream, ticks are recorded with what else arrives, and a replay closes the same windows at
 * the same place.
 */
export class SilenceTicks {
  readonly #clock: Pick<Clock, 'now'>;
  readonly #tell: (message: StreamMessage) => void;
  readonly #timer: Timer;
  /** Furthest stamp and one sample period. */
  #head: Seconds = Number.NEGATIVE_INFINITY;
  /** When the last samples came. */
  #heard: Seconds;
  #isOpen = false;

  constructor(clock: Pick<Clock, 'now' | 'every'>, tell: (message: StreamMessage) => void) {
    this.#clock = clock;
    this.#tell = tell;
    this.#heard = clock.now();
    this.#timer = clock.every(TICK_S, () => this.#look());
  }

  /** Samples of a stream that feeds a source. */
  hear({ info, times }: Chunk): void {
    if (times.length === 0) return;
    this.#heard = this.#clock.now();
    this.#head = Math.max(this.#head, times[times.length - 1] + period_s(info));
  }

  /** Before the session's last stream closes: it ends with that one, which must not be this. */
  close(): void {
    this.stop();
    if (this.#isOpen) this.#tell({ kind: 'close', id: tickStream.id });
    this.#isOpen = false;
  }

  stop(): void {
    this.#timer.cancel();
  }

  #look(): void {
    const silence_s = this.#clock.now() - this.#heard;
    if (this.#head === Number.NEGATIVE_INFINITY || silence_s <= ALL_SILENT_S) return;
    if (!this.#isOpen) this.#tell({ kind: 'open', info: tickStream });
    this.#isOpen = true;
    this.#tell({ kind: 'chunk', chunk: tickAt(this.#head + silence_s - ALL_SILENT_S) });
  }
}

const tickAt = (time: Seconds): Chunk => ({
  ...{ info: tickStream, data: Float64Array.of(0), times: Float64Array.of(time), gapBefore: false },
});
