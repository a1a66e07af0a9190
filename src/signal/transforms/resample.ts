import { z } from 'zod';
import { chunkTransform } from '../../core/component.js';
import { ConfigurationError } from '../../core/errors.js';
import type { ChunkProcessor } from '../../core/processor.js';
import type { Chunk, StreamInfo } from '../../core/signal.js';
import type { Stateful } from '../../core/state.js';
import {
  designResampler,
  type Ratio,
  RationalResampler,
  type ResamplerState,
  rationalRatio,
} from '../dsp/rational-resampler.js';

const params = z.strictObject({
  sfreq_hz: z.number().positive().describe('rate of the output, Hz'),
});
type Params = z.infer<typeof params>;

type ResampleState = {
  readonly resampler: ResamplerState | null;
  readonly due: number;
  readonly newest: number;
  readonly gap: boolean;
};

/**
 * The stamp of an output is its nominal place after the input sample due with it, so that nothing later than the
 * stamp went into it.
 */
class Resample implements ChunkProcessor, Stateful<ResampleState> {
  #ratio: Ratio = { up: 1, down: 1 };
  #resampler: RationalResampler | null = null;
  #info: StreamInfo | null = null;
  #step_s = 0;
  /** Steps of the upsampled grid from the newest input to the next output. */
  #due = 0;
  #newest = -Infinity;
  #gap = false;

  constructor(readonly params: Params) {}

  reset(info: StreamInfo): StreamInfo {
    const { sfreq_hz } = this.params;
    if (!(info.sfreq > 0))
      throw new ConfigurationError(
        'rate-irregular',
        `resample needs a regular rate, which stream ${info.name} has not`,
      );
    const ratio = rationalRatio(info.sfreq, sfreq_hz);
    if (!ratio)
      throw new ConfigurationError(
        'rate-not-rational',
        `resample can't get from ${info.sfreq} Hz to ${sfreq_hz} Hz: one is more than 4096 times the other; choose another sfreq_hz`,
      );
    const taps = designResampler(ratio);
    this.#ratio = ratio;
    this.#resampler = new RationalResampler(ratio, taps, info.channels.length);
    this.#step_s = 1 / (info.sfreq * ratio.up);
    this.#info = { ...info, sfreq: sfreq_hz };
    this.#due = 0;
    this.#newest = -Infinity;
    this.#gap = false;
    return this.#info;
  }

  process(chunk: Chunk, emit: (chunk: Chunk) => void): void {
    const info = this.#info;
    const resampler = this.#resampler;
    if (!info || !resampler) return;
    const { up, down } = this.#ratio;
    if (up === down) {
      emit(chunk);
      return;
    }
    if (chunk.gapBefore) {
      resampler.restart();
      this.#due = 0;
      this.#gap = true;
    }
    const n = chunk.times.length;
    const length = n * up > this.#due ? Math.ceil((n * up - this.#due) / down) : 0;
    const data = new Float64Array(info.channels.length * length);
    resampler.process(chunk.data, this.#due, data);
    const times = this.#stamps(chunk.times, length);
    this.#due += length * down - n * up;
    if (length === 0) return;
    emit({ info, data, times, gapBefore: this.#gap });
    this.#gap = false;
  }

  snapshot(): ResampleState {
    const resampler = this.#resampler?.snapshot() ?? null;
    return { resampler, due: this.#due, newest: this.#newest, gap: this.#gap };
  }

  restore({ resampler, due, newest, gap }: ResampleState): void {
    if (resampler) this.#resampler?.restore(resampler);
    this.#due = due;
    this.#newest = newest;
    this.#gap = gap;
  }

  #stamps(times: Float64Array, length: number): Float64Array {
    const { up, down } = this.#ratio;
    const stamps = new Float64Array(length);
    let due = this.#due;
    for (let i = 0, k = 0; i < times.length; i++) {
      for (; due < up; due += down) {
        // Jitter of the input must not make stamps decrease.
        this.#newest = Math.max(this.#newest, times[i] + due * this.#step_s);
        stamps[k++] = this.#newest;
      }
      due -= up;
    }
    return stamps;
  }
}

export const resample = chunkTransform<Params>({
  type: 'resample',
  summary:
    "Changes the rate by a ratio of whole numbers through an anti-aliasing polyphase FIR (the filter of scipy's resample_poly, causal), both up to 4096: a measured rate such as 500.1 Hz is taken by the nearest, less than 0.03 % off. The output lags the signal by 10 periods of the slower of the two rates. Starts from the steady state of the first sample, and anew after a gap; a missing sample makes the outputs missing that it would reach.",
  params,
  state: 1,
  physics({ sfreq_hz }, upstream) {
    if (upstream.sfreq_hz === 0)
      return [{ path: [], message: 'an irregular stream has no rate to change; leave resample out' }];
    return upstream.sfreq_hz && !rationalRatio(upstream.sfreq_hz, sfreq_hz)
      ? [
          {
            path: ['sfreq_hz'],
            message: `of ${upstream.sfreq_hz} Hz and ${sfreq_hz} Hz one is more than 4096 times the other; choose another sfreq_hz`,
          },
        ]
      : [];
  },
  facts: ({ sfreq_hz }, upstream) => ({ ...upstream, sfreq_hz }),
  create: (p) => new Resample(p),
});
