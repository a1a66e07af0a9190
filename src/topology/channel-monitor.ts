import type { Chunk, StreamInfo } from '../core/signal.js';

export type ChannelState = 'ok' | 'flat' | 'missing';

/** What arrived on each channel of one stream since the last look: for people's eyes, not for features. */
export class ChannelMonitor {
  readonly #usable: Float64Array;
  readonly #low: Float64Array;
  readonly #high: Float64Array;
  #samples = 0;

  constructor(readonly info: StreamInfo) {
    this.#usable = new Float64Array(info.channels.length);
    this.#low = new Float64Array(info.channels.length);
    this.#high = new Float64Array(info.channels.length);
    this.#clear();
  }

  push(chunk: Chunk): void {
    const n = chunk.times.length;
    this.#samples += n;
    for (let c = 0; c < this.#usable.length; c++) {
      for (let i = c * n; i < (c + 1) * n; i++) {
        const value = chunk.data[i];
        if (Number.isNaN(value)) continue;
        this.#usable[c]++;
        if (value < this.#low[c]) this.#low[c] = value;
        if (value > this.#high[c]) this.#high[c] = value;
      }
    }
  }

  /** State of every channel since the previous call. */
  take(): { label: string; coverage: number; state: ChannelState }[] {
    const states = this.info.channels.map((channel, c) => ({
      label: channel.label,
      coverage: this.#samples === 0 ? 0 : this.#usable[c] / this.#samples,
      state: this.#stateOf(c),
    }));
    this.#clear();
    return states;
  }

  #stateOf(c: number): ChannelState {
    if (this.#usable[c] === 0) return 'missing';
    return this.#usable[c] > 1 && this.#low[c] === this.#high[c] ? 'flat' : 'ok';
  }

  #clear(): void {
    this.#samples = 0;
    this.#usable.fill(0);
    this.#low.fill(Number.POSITIVE_INFINITY);
    this.#high.fill(Number.NEGATIVE_INFINITY);
  }
}
