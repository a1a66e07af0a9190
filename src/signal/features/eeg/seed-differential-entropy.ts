import { z } from 'zod';
import { featureDefinition } from '../../../core/component.js';
import type { Extractor } from '../../../core/processor.js';
import { type StreamInfo, samplesIn, type Window } from '../../../core/signal.js';
import { fftPairOf } from '../../dsp/choose-fft-pair.js';
import type { FftPair } from '../../dsp/fft-pair.js';
import { nextPowerOfTwo } from '../../dsp/periodogram.js';
import { labelOf } from '../channels/channel-label.js';
import { bandSchema, bandsBeyondNyquist, microvoltChannels, seedBands } from './bands.js';

const params = z.strictObject({
  bands: z
    .array(bandSchema('de_seed_', 'included'))
    .min(1)
    .default(seedBands())
    .describe('frequency bands, Hz; neighbours share a bin'),
  nfft: z
    .int()
    .min(4)
    .refine((n) => nextPowerOfTwo(n) === n, 'nfft must be a power of two')
    .optional()
    .describe(
      'length of the transform, a power of two; shorter than the window it cuts the window off, as the released code does; by default the smallest that holds the window',
    ),
  one_based: z
    .boolean()
    .default(false)
    .describe(
      "whether bands lie one bin lower, as in the released MATLAB code, which takes its bins' numbers for 0-based",
    ),
});
type Params = z.infer<typeof params>;

class SeedDifferentialEntropy implements Extractor {
  readonly descriptors;
  readonly #channels: readonly number[];
  readonly #fft: FftPair;
  /** MATLAB's `hanning`: no zero at either end. */
  readonly #window: Float64Array;
  readonly #bins: readonly (readonly [first: number, last: number])[];
  readonly #length: number;

  constructor(info: StreamInfo, { bands, nfft, one_based }: Params, window_s: number) {
    const length = samplesIn(window_s, info.sfreq);
    const size = nfft ?? Math.max(4, nextPowerOfTwo(length));
    this.#length = length;
    this.#fft = fftPairOf(size);
    this.#window = Float64Array.from(
      { length: Math.min(length, size) },
      (_, i) => 0.5 - 0.5 * Math.cos((2 * Math.PI * (i + 1)) / (length + 1)),
    );
    const shift = one_based ? 1 : 0;
    this.#bins = bands.map(({ low_hz, high_hz }) => [
      Math.max(0, Math.floor((low_hz / info.sfreq) * size) - shift),
      Math.floor((high_hz / info.sfreq) * size) - shift,
    ]);
    this.#channels = microvoltChannels(info);
    this.descriptors = this.#channels.flatMap((c) =>
      bands.map((b) => ({ channel: labelOf(info, c), feature: `de_seed_${b.name}`, unit: 'log2' })),
    );
  }

  compute(window: Window, out: Float64Array): void {
    out.fill(Number.NaN);
    if (window.gap || window.length !== this.#length) return;
    const channels = this.#channels;
    for (let i = 0; i < channels.length; i += 2) {
      const j = Math.min(i + 1, channels.length - 1);
      const [first, second] = [i, j].map((k) => window.channel(channels[k]).subarray(0, this.#window.length));
      this.#fft.transform(this.#window, first, second);
      for (const [b, [first, last]] of this.#bins.entries()) {
        // The released code looks at bins below Nyquist only.
        if (last >= this.#fft.size / 2) continue;
        const sums = this.#fft.power(first, last + 1);
        for (const [k, channel] of [i, j].entries())
          out[channel * this.#bins.length + b] = Math.log2((100 * sums[k]) / (last - first + 1));
      }
    }
  }
}

export const seedDifferentialEntropy = featureDefinition<Params>({
  name: 'seed-differential-entropy',
  summary:
    "The differential entropy of the code that came with SEED, for features that must equal published ones: log2 of 100 times the mean squared transform over the band's bins, both edges included. On the same bins it is an affine function of `differential-entropy`.",
  source:
    'Duan, Zhu & Lu 2013, doi:10.1109/NER.2013.6695876, as released (STFT.m); differences in docs/explanation/features.md',
  params,
  streams: ['EEG'],
  state: 'none',
  physics: ({ bands }, upstream) => bandsBeyondNyquist(bands, upstream),
  create: (info, p, window_s) => new SeedDifferentialEntropy(info, p, window_s),
});
