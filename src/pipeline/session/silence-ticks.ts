import type { Seconds } from '../../core/clock.js';
import type { StreamInfo, StreamMessage } from '../../core/signal.js';

/** The stream that ticks go by: one value, of no meaning; what counts is the stamp. */
export const tickStream: StreamInfo = {
  ...{ id: 'affectd-ticks', name: 'affectd ticks', type: 'Ticks', sourceId: 'affectd-ticks', sfreq: 0 },
  channels: [{ label: 'tick', unit: '', type: 'Ticks' }],
};

/**
 * A session's stream `Ticks`, whose stamps say how far time has come where no stream that feeds a source says so: windows
 * close, masked, although every sensor is silent. Being a stream, ticks are recorded with what else arrives, and a replay
 * closes the same windows at the same place.
 */
export class SilenceTicks {
  readonly #tell: (message: StreamMessage) => void;
  #isOpen = false;

  constructor(tell: (message: StreamMessage) => void) {
    this.#tell = tell;
  }

  /** Session time has come to the stamp `time`. */
  tick(time: Seconds): void {
    if (!this.#isOpen) this.#tell({ kind: 'open', info: tickStream });
    this.#isOpen = true;
    const chunk = {
      info: tickStream,
      data: Float64Array.of(0),
      times: Float64Array.of(time),
      gapBefore: false,
    };
    this.#tell({ kind: 'chunk', chunk });
  }

  /** Before the session's last stream closes: it ends with that one, which must not be this. */
  close(): void {
    if (this.#isOpen) this.#tell({ kind: 'close', id: tickStream.id });
    this.#isOpen = false;
  }
}
