import { type Chunk, channelOf, type StreamInfo, samplesIn } from '../core/signal.js';
import { type Section, SosFilter } from './sos-filter.js';

/**
 * A second-order-section filter over a stream's chunks, missing data included. A channel starts from its first
 * sample's steady state; a gap, a NaN or an infinity restarts it; for `settle_s` after each start it gives NaN.
 * A sample that is missing comes out missing.
 */
export class StreamingFilter {
  readonly #filter: SosFilter;
  readonly #settle: number;
  /** Per channel: samples still to be given as NaN. */
  readonly #unsettled: Int32Array;

  constructor(
    readonly info: StreamInfo,
    sections: readonly Section[],
    settle_s: number,
  ) {
    this.#filter = new SosFilter(sections, info.channels.length);
    this.#settle = samplesIn(settle_s, info.sfreq);
    this.#unsettled = new Int32Array(info.channels.length).fill(this.#settle);
  }

  /** The filtered chunk, in arrays of its own; stamps are shared. */
  process(chunk: Chunk): Chunk {
    const n = chunk.times.length;
    const data = new Float64Array(chunk.data.length);
    for (let c = 0; c < this.#unsettled.length; c++) {
      if (chunk.gapBefore) this.#restart(c);
      this.#processChannel(c, channelOf(chunk, c), data.subarray(c * n, (c + 1) * n));
    }
    return { info: this.info, data, times: chunk.times, gapBefore: chunk.gapBefore };
  }

  #restart(channel: number): void {
    this.#filter.restart(channel);
    this.#unsettled[channel] = this.#settle;
  }

  #processChannel(channel: number, input: Float64Array, output: Float64Array): void {
    const n = input.length;
    let at = 0;
    while (at < n) {
      let end = at;
      // x - x is NaN for NaN and for both infinities.
      while (end < n && input[end] - input[end] === 0) end++;
      this.#filter.process(channel, input, output, at, end);
      const hidden = Math.min(this.#unsettled[channel], end - at);
      if (hidden > 0) {
        output.fill(NaN, at, at + hidden);
        this.#unsettled[channel] -= hidden;
      }
      if (end < n) {
        this.#restart(channel);
        output[end++] = NaN;
      }
      at = end;
    }
  }
}
