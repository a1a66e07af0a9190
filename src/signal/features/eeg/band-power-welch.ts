import { z } from 'zod';
import { featureDefinition } from '../../../core/component.js';
import type { Extractor } from '../../../core/processor.js';
import { type StreamInfo, samplesIn, type Window } from '../../../core/signal.js';
import { Welch } from '../../dsp/welch.js';
import { labelOf } from '../channels/channel-label.js';
import { bandSchema, bandsBeyondNyquist, microvoltChannels } from './bands.js';

export const welchParams = z.strictObject({
  bands: z
    .array(bandSchema('psd_', 'included'))
    .min(1)
    .default([
      { name: 'theta', low_hz: 4, high_hz: 7 },
      { name: 'slow_alpha', low_hz: 8, high_hz: 10 },
      { name: 'alpha', low_hz: 8, high_hz: 13 },
      { name: 'beta', low_hz: 14, high_hz: 29 },
      { name: 'gamma', low_hz: 30, high_hz: 45 },
    ])
    .describe('frequency bands, Hz; the default are the five of DEAP'),
  segment_s: z.number().positive().default(1).describe('length of the segments that are averaged, s'),
});
export type WelchParams = z.infer<typeof welchParams>;

/** Wrong for physical reasons; also of what is computed from it. */
export function welchProblems(
  { bands, segment_s }: WelchParams,
  upstream: { readonly sfreq_hz?: number; readonly window_s: number },
) {
  return [
    ...bandsBeyondNyquist(bands, upstream),
    ...(segment_s > upstream.window_s
      ? [
          {
            path: ['segment_s'],
            message: `segment_s ${segment_s} is longer than window_s ${upstream.window_s}`,
          },
        ]
      : []),
  ];
}

/** Mean over the band's bins of the density in decibels, each channel and band. */
export class BandPowerWelch implements Extractor {
  readonly descriptors;
  readonly #channels: readonly number[];
  readonly #welch: Welch;
  /** Bins from (inclusive) to (exclusive) of each band; empty where the rate does not reach it. */
  readonly #bins: readonly (readonly [from: number, to: number])[];
  readonly #from: number;
  readonly #to: number;
  readonly #densities: readonly [Float64Array, Float64Array];

  constructor(info: StreamInfo, { bands, segment_s }: WelchParams, window_s: number) {
    this.#channels = microvoltChannels(info);
    this.#welch = new Welch(samplesIn(window_s, info.sfreq), info.sfreq, samplesIn(segment_s, info.sfreq));
    const { bin_hz, bins } = this.#welch;
    this.#bins = bands.map(({ low_hz, high_hz }) =>
      high_hz > info.sfreq / 2
        ? [0, 0]
        : [Math.ceil(low_hz / bin_hz - ROUNDING), Math.floor(high_hz / bin_hz + ROUNDING) + 1],
    );
    const used = this.#bins.filter(([from, to]) => to > from);
    this.#from = Math.min(...used.map(([from]) => from));
    this.#to = Math.max(...used.map(([, to]) => to));
    this.#densities = [new Float64Array(bins), new Float64Array(bins)];
    this.descriptors = this.#channels.flatMap((c) =>
      bands.map((b) => ({ channel: labelOf(info, c), feature: `psd_${b.name}`, unit: 'dB' })),
    );
  }

  compute(window: Window, out: Float64Array): void {
    out.fill(Number.NaN);
    if (window.gap || window.length !== this.#welch.length) return;
    const channels = this.#channels;
    for (let i = 0; i < channels.length; i += 2) {
      const j = Math.min(i + 1, channels.length - 1);
      const [one, other] = this.#densities;
      this.#welch.compute(
        window.channel(channels[i]),
        one,
        window.channel(channels[j]),
        other,
        this.#from,
        this.#to,
      );
      this.#write(one, out, i);
      if (j > i) this.#write(other, out, j);
    }
  }

  #write(density: Float64Array, out: Float64Array, channel: number): void {
    for (const [b, [from, to]] of this.#bins.entries()) {
      let sum = 0;
      for (let k = from; k < to; k++) sum += Math.log(density[k]);
      out[channel * this.#bins.length + b] = (DECIBELS * sum) / (to - from);
    }
  }
}

/** Share of a bin by which an edge may miss it through rounding. */
const ROUNDING = 1e-9;
const DECIBELS = 10 / Math.LN10;

export const bandPowerWelch = featureDefinition<WelchParams>({
  name: 'band-power-welch',
  summary:
    'Power density of EEG in frequency bands by averaged segments (Welch): the mean over the bins of each band of the density in decibels over 1 uV^2/Hz.',
  source:
    'Welch 1967, doi:10.1109/TAU.1967.1161901; bands and averaging of decibels after the code of PRNet (docs/explanation/features.md)',
  params: welchParams,
  streams: ['EEG'],
  state: 'none',
  physics: welchProblems,
  create: (info, p, window_s) => new BandPowerWelch(info, p, window_s),
});
