import { z } from 'zod';
import { featureDefinition } from '../../../core/component.js';
import type { Extractor } from '../../../core/processor.js';
import type { Chunk, StreamInfo, Window } from '../../../core/signal.js';
import type { Stateful } from '../../../core/state.js';
import { designButterworthBandpass } from '../../dsp/butterworth-bandpass.js';
import { SlidingWindow, type SlidingWindowState } from '../../dsp/sliding-window.js';
import { StreamingFilter, type StreamingFilterState } from '../../dsp/streaming-filter.js';
import { labelOf } from '../channels/channel-label.js';
import { bandSchema, bandsBeyondNyquist, HALF_LOG_2_PI_E, microvoltChannels, seedBands } from './bands.js';

const band = bandSchema('de_var_', 'excluded').refine((b) => b.low_hz > 0, {
  path: ['low_hz'],
  error: 'a band-pass needs a low_hz above 0',
});

const params = z.strictObject({
  bands: z
    .array(band)
    .min(1)
    .default(seedBands())
    .describe('frequency bands, Hz: the -3 dB points of the band-passes'),
  order: z.int().min(1).max(8).default(5).describe("order of the band-passes (scipy's N)"),
});
type Params = z.infer<typeof params>;

interface Filtered {
  readonly filter: StreamingFilter;
  readonly sliding: SlidingWindow;
}

type FilteredState = { readonly filter: StreamingFilterState; readonly sliding: SlidingWindowState };

class BandVariance implements Extractor, Stateful<readonly (FilteredState | null)[]> {
  readonly descriptors;
  readonly #channels: readonly number[];
  /** null: the rate does not reach the band. */
  readonly #bands: readonly (Filtered | null)[];

  constructor(info: StreamInfo, { bands, order }: Params, window_s: number) {
    this.#channels = microvoltChannels(info);
    this.#bands = bands.map(({ low_hz, high_hz }) =>
      high_hz < info.sfreq / 2
        ? {
            filter: new StreamingFilter(
              info,
              designButterworthBandpass(order, low_hz, high_hz, info.sfreq),
              1 / low_hz,
            ),
            sliding: new SlidingWindow(info, window_s),
          }
        : null,
    );
    this.descriptors = this.#channels.flatMap((c) =>
      bands.map((b) => ({ channel: labelOf(info, c), feature: `de_var_${b.name}`, unit: 'nat' })),
    );
  }

  push(chunk: Chunk): void {
    for (const band of this.#bands) band?.sliding.push(band.filter.process(chunk));
  }

  compute({ end, channel: raw }: Window, out: Float64Array): void {
    for (const [b, band] of this.#bands.entries()) {
      const window = band?.sliding.at(end).window;
      for (const [i, c] of this.#channels.entries()) {
        // A channel that is masked in the window has been rung through the filter: what came out is no signal.
        const usable = window && !window.gap && window.length === window.expected && !lacks(raw(c));
        const variance = usable ? varianceOf(window.channel(c)) : Number.NaN;
        out[i * this.#bands.length + b] =
          variance > 0 ? HALF_LOG_2_PI_E + 0.5 * Math.log(variance) : Number.NaN;
      }
    }
  }

  snapshot(): readonly (FilteredState | null)[] {
    return this.#bands.map(
      (band) => band && { filter: band.filter.snapshot(), sliding: band.sliding.snapshot() },
    );
  }

  restore(state: readonly (FilteredState | null)[]): void {
    for (const [b, band] of state.entries()) {
      if (!band) continue;
      this.#bands[b]?.filter.restore(band.filter);
      this.#bands[b]?.sliding.restore(band.sliding);
    }
  }
}

function lacks(samples: Float64Array): boolean {
  return samples.some((x) => x - x !== 0);
}

/** ddof 0. */
function varianceOf(samples: Float64Array): number {
  let mean = 0;
  for (const x of samples) mean += x / samples.length;
  let sum = 0;
  for (const x of samples) sum += (x - mean) * (x - mean);
  return sum / samples.length;
}

export const bandVariance = featureDefinition<Params>({
  name: 'band-variance',
  summary:
    "Differential entropy of EEG from the variance of band-passed samples, 0.5 ln(2 pi e variance): the other form in use. The band-passes are causal and run through the whole stream, so no window begins with a filter's transient.",
  source: 'Shi, Jiao & Lu 2013, doi:10.1109/EMBC.2013.6611075; order and ddof 0 after TorchEEG',
  params,
  streams: ['EEG'],
  state: 1,
  physics: ({ bands }, upstream) => bandsBeyondNyquist(bands, upstream),
  create: (info, p, window_s) => new BandVariance(info, p, window_s),
});
