import { z } from 'zod';
import { featureDefinition } from '../../../core/component.js';
import type { Extractor } from '../../../core/processor.js';
import { type StreamInfo, samplesIn, type Window } from '../../../core/signal.js';
import { type SignalQuality as Quality, SignalQualityMeter } from '../../dsp/signal-quality.js';
import { labelOf } from '../channels/channel-label.js';

const params = z.strictObject({});
type Params = z.infer<typeof params>;

const measures = ['flat', 'railed', 'line_50', 'line_60', 'high_frequency', 'amplitude'] as const;

class SignalQuality implements Extractor {
  readonly descriptors;
  readonly #meter: SignalQualityMeter;

  constructor(
    readonly info: StreamInfo,
    window_s: number,
  ) {
    this.#meter = new SignalQualityMeter(samplesIn(window_s, info.sfreq), info.sfreq);
    this.descriptors = info.channels.flatMap(({ unit }, c) =>
      measures.map((measure) => ({
        channel: labelOf(info, c),
        feature: `quality_${measure}`,
        unit: measure === 'amplitude' ? unit : 'share',
      })),
    );
  }

  compute(window: Window, out: Float64Array): void {
    for (let c = 0; c < this.info.channels.length; c++) {
      const samples = window.channel(c);
      // A spectrum over a gap is that of something else.
      const quality: Quality = this.#meter.measure(window.gap ? samples.subarray(1) : samples);
      for (const [m, measure] of measures.entries()) out[c * measures.length + m] = quality[measure];
    }
  }
}

export const signalQuality = featureDefinition<Params>({
  name: 'signal-quality',
  summary:
    'What each channel is worth: shares of the window that are flat and at a rail, shares of power at 50 and 60 Hz and above 30 Hz, and amplitude. Put it before `mask`, notch and band-pass, which hide what it measures.',
  source: 'Bigdely-Shamlo et al. 2015 (PREP), doi:10.3389/fninf.2015.00016, as shares of one window',
  params,
  streams: ['EEG', 'ECG', 'EMG'],
  state: 'none',
  create: (info, _, window_s) => new SignalQuality(info, window_s),
});
