import { z } from 'zod';
import { featureDefinition } from '../../../core/component.js';
import type { Extractor } from '../../../core/processor.js';
import { type StreamInfo, samplesIn, type Window } from '../../../core/signal.js';
import { BandPower } from '../../dsp/periodogram.js';
import { labelOf } from '../channels/channel-label.js';
import { bandSchema, bandsBeyondNyquist, HALF_LOG_2_PI_E, microvoltChannels, seedBands } from './bands.js';

const params = z.strictObject({
  bands: z
    .array(bandSchema('de_', 'excluded'))
    .min(1)
    .default(seedBands())
    .describe('frequency bands, Hz; the default are the five of SEED'),
});
type Params = z.infer<typeof params>;

/**
 * Differential entropy `0.5 ln(2 pi e power)` of each band and channel, nats, power in uV^2.
 * A window that is not full, has a gap or a missing sample, a power of 0, and a band beyond Nyquist give NaN.
 */
class DifferentialEntropy implements Extractor {
  readonly descriptors;
  readonly #channels: readonly number[];
  readonly #power: BandPower;
  readonly #beyondNyquist: readonly boolean[];

  constructor(info: StreamInfo, { bands }: Params, window_s: number) {
    this.#channels = microvoltChannels(info);
    this.#power = new BandPower(samplesIn(window_s, info.sfreq), info.sfreq, bands);
    this.#beyondNyquist = bands.map((b) => b.high_hz > info.sfreq / 2);
    this.descriptors = this.#channels.flatMap((c) =>
      bands.map((b) => ({ channel: labelOf(info, c), feature: `de_${b.name}`, unit: 'nat' })),
    );
  }

  compute(window: Window, out: Float64Array): void {
    const beyondNyquist = this.#beyondNyquist;
    const bands = beyondNyquist.length;
    const channels = this.#channels;
    if (window.gap || window.length !== this.#power.length) {
      out.fill(Number.NaN);
      return;
    }
    for (let i = 0; i < channels.length; i += 2) {
      const j = Math.min(i + 1, channels.length - 1);
      this.#power.compute(
        window.channel(channels[i]),
        out,
        i * bands,
        window.channel(channels[j]),
        j * bands,
      );
    }
    for (let i = 0; i < out.length; i += bands)
      for (let b = 0; b < bands; b++) {
        const power = out[i + b];
        const measured = power > 0 && !beyondNyquist[b];
        out[i + b] = measured ? HALF_LOG_2_PI_E + 0.5 * Math.log(power) : Number.NaN;
      }
  }
}

export const differentialEntropy = featureDefinition<Params>({
  name: 'differential-entropy',
  summary: 'Differential entropy of EEG in frequency bands.',
  source: 'Duan, Zhu & Lu 2013, doi:10.1109/NER.2013.6695876; canonical form of docs/explanation/features.md',
  params,
  streams: ['EEG'],
  state: 'none',
  physics: ({ bands }, upstream) => bandsBeyondNyquist(bands, upstream),
  create: (info, p, window_s) => new DifferentialEntropy(info, p, window_s),
});
