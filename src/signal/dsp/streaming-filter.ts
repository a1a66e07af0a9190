import { type Chunk, channelOf, type StreamInfo, samplesIn } from '../../core/signal.js';
import type { Stateful } from '../../core/state.js';
import { type Section, SosFilter, type SosFilterState } from './sos-filter.js';
import { type SosVectors, sosVectors } from './sos-vectors.js';

export type StreamingFilterState = { readonly filter: SosFilterState; readonly unsettled: Int32Array };

/**
 * A second-order-section filter over a stream's chunks, missing data included. A channel starts from its first
 * sample's steady state; a gap, a NaN or an infinity restarts it; for `settle_s` after each start it gives NaN.
 * A sample that is missing comes out missing.
 */
export class StreamingFilter implements Stateful<StreamingFilterState> {
  readonly #filter: SosFilter;
  readonly #settle: number;
  /** Per channel: samples still to be given as NaN. */
  readonly #unsettled: Int32Array;
  readonly #undone: Uint8Array;
  readonly #vectors: SosVectors | null;

  constructor(
    readonly info: StreamInfo,
    sections: readonly Section[],
    settle_s: number,
    vectors: SosVectors | null = sosVectors(),
  ) {
    this.#filter = new SosFilter(sections, info.channels.length);
    this.#settle = samplesIn(settle_s, info.sfreq);
    this.#unsettled = new Int32Array(info.channels.length).fill(this.#settle);
    this.#undone = new Uint8Array(info.channels.length).fill(1);
    this.#vectors = vectors?.holds(sections.length) ? vectors : null;
  }

  /** The filtered chunk, in arrays of its own; stamps are shared. */
  process(chunk: Chunk): Chunk {
    const n = chunk.times.length;
    const data = new Float64Array(chunk.data.length);
    const undone = this.#undone;
    if (chunk.gapBefore) for (let c = 0; c < undone.length; c++) this.#restart(c);
    if (this.#vectors && n > 0) this.#filter.processAll(this.#vectors, chunk.data, data, n, undone);
    for (let c = 0; c < undone.length; c++) {
      if (undone[c]) this.#processChannel(c, channelOf(chunk, c), data.subarray(c * n, (c + 1) * n));
      else this.#hideUnsettled(c, data, c * n, (c + 1) * n);
    }
    return { info: this.info, data, times: chunk.times, gapBefore: chunk.gapBefore };
  }

  snapshot(): StreamingFilterState {
    return { filter: this.#filter.snapshot(), unsettled: this.#unsettled.slice() };
  }

  restore({ filter, unsettled }: StreamingFilterState): void {
    this.#filter.restore(filter);
    this.#unsettled.set(unsettled);
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
      this.#hideUnsettled(channel, output, at, end);
      if (end < n) {
        this.#restart(channel);
        output[end++] = NaN;
      }
      at = end;
    }
  }

  /** Hides those of samples `from` to `to` that come before the filter has settled. */
  #hideUnsettled(channel: number, samples: Float64Array, from: number, to: number): void {
    const hidden = Math.min(this.#unsettled[channel], to - from);
    if (hidden === 0) return;
    samples.fill(NaN, from, from + hidden);
    this.#unsettled[channel] -= hidden;
  }
}
