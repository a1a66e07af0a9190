import { z } from 'zod';
import { featureDefinition } from '../../../core/component.js';
import type { Extractor, SharedParts } from '../../../core/processor.js';
import type { Chunk, StreamInfo, Window } from '../../../core/signal.js';
import type { Stateful } from '../../../core/state.js';
import { BeatSeries, type BeatSeriesState, type Beats, beatProblems } from './beat-series.js';

const params = z.strictObject({
  span_s: z
    .number()
    .min(60)
    .max(300)
    .default(120)
    .describe('trailing time, s; a minute of good intervals is needed'),
});
type Params = z.infer<typeof params>;

/** SDNN over less says little: r = .76 with that of 5 minutes over 10 s, .96 over 120 s (Munoz et al. 2015), s. */
const LEAST_S = 55;
/** Over which the channel with the most even rhythm is chosen, s. */
const CHOICE_S = 10;

class HeartRateVariability implements Extractor, Stateful<BeatSeriesState | null> {
  readonly descriptors = [
    { channel: 'heart', feature: 'sdnn', unit: 'ms' },
    { channel: 'heart', feature: 'rmssd_long', unit: 'ms' },
  ];
  readonly context_s = LEAST_S;
  readonly #beats: Beats;

  constructor(
    info: StreamInfo,
    readonly span_s: number,
    shared?: SharedParts,
  ) {
    this.#beats = BeatSeries.shared(info, shared);
  }

  push(chunk: Chunk): void {
    this.#beats.push(chunk);
  }

  snapshot(): BeatSeriesState | null {
    return this.#beats.snapshot();
  }

  restore(state: BeatSeriesState | null): void {
    this.#beats.restore(state);
  }

  compute({ end }: Window, out: Float64Array): void {
    const intervals = this.#beats.steadiest(end, CHOICE_S);
    out[0] = intervals?.sdnn(end, this.span_s, LEAST_S) ?? Number.NaN;
    out[1] = intervals?.rmssd(end, this.span_s, LEAST_S) ?? Number.NaN;
  }
}

export const heartRateVariability = featureDefinition<Params>({
  name: 'heart-rate-variability',
  summary:
    'SDNN and RMSSD over a trailing time long enough for them, from beats found causally in ECG or PPG or from inter-beat intervals. LF and HF are left out: they need several minutes.',
  source:
    'Task Force 1996, doi:10.1161/01.CIR.93.5.1043; least times after Munoz et al. 2015, doi:10.1371/journal.pone.0138921',
  params,
  streams: ['ECG', 'PPG', 'IBI'],
  state: 1,
  physics: beatProblems,
  create: (info, { span_s }, _, shared) => new HeartRateVariability(info, span_s, shared),
});
