import { z } from 'zod';
import { featureDefinition } from '../../../core/component.js';
import type { Extractor, SharedParts } from '../../../core/processor.js';
import { type Chunk, channelOf, type StreamInfo, type Window } from '../../../core/signal.js';
import type { Stateful } from '../../../core/state.js';
import { BeatSeries, type BeatSeriesState, type Beats, beatProblems } from './beat-series.js';

const params = z.strictObject({
  rate_s: z.number().min(4).max(60).default(10).describe('trailing time of the mean rate, s'),
  rmssd_s: z.number().min(30).max(60).default(60).describe('trailing time of RMSSD, s'),
});
type Params = z.infer<typeof params>;

/** RMSSD over less heart time than this says little (Munoz et al. 2015, doi:10.1371/journal.pone.0138921), s. */
const LEAST_RMSSD_S = 30;

const descriptors = [
  { channel: 'heart', feature: 'hr_mean', unit: '1/min' },
  { channel: 'heart', feature: 'rmssd', unit: 'ms' },
] as const;

/** Of beats: found in the signal, of several channels in the one with the most even rhythm at the moment, or the device's. */
class RateOfBeats implements Extractor, Stateful<BeatSeriesState | null> {
  readonly descriptors = descriptors;
  readonly context_s;
  readonly #beats: Beats;

  constructor(
    info: StreamInfo,
    readonly params: Params,
    shared?: SharedParts,
  ) {
    this.context_s = params.rate_s;
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
    const { rate_s, rmssd_s } = this.params;
    const intervals = this.#beats.steadiest(end, rate_s);
    out[0] = intervals?.rate(end, rate_s) ?? Number.NaN;
    out[1] = intervals?.rmssd(end, rmssd_s, LEAST_RMSSD_S) ?? Number.NaN;
  }
}

interface RateThen {
  readonly time: number;
  readonly rate: number;
}

/** A rate that the device measured, 1/min. */
class RateOfDevice implements Extractor, Stateful<readonly RateThen[]> {
  readonly descriptors = descriptors;
  readonly #recent: RateThen[] = [];
  readonly #known: boolean;

  constructor(
    info: StreamInfo,
    readonly params: Params,
  ) {
    this.#known = info.channels[0]?.unit === '1/min';
  }

  push(chunk: Chunk): void {
    if (!this.#known) return;
    const rates = channelOf(chunk, 0);
    for (let i = 0; i < rates.length; i++)
      if (rates[i] > 0 && rates[i] < Number.POSITIVE_INFINITY)
        this.#recent.push({ time: chunk.times[i], rate: rates[i] });
  }

  compute({ end }: Window, out: Float64Array): void {
    const recent = this.#recent;
    const from = recent.findIndex(({ time }) => time >= end - this.params.rate_s);
    recent.splice(0, from < 0 ? recent.length : from);
    out[0] = recent.reduce((sum, { rate }) => sum + rate, 0) / recent.length;
    out[1] = Number.NaN;
  }

  snapshot(): readonly RateThen[] {
    return [...this.#recent];
  }

  restore(recent: readonly RateThen[]): void {
    this.#recent.push(...recent);
  }
}

export const heartRate = featureDefinition<Params>({
  name: 'heart-rate',
  summary:
    'Mean heart rate and RMSSD, from beats found causally in ECG or PPG, from inter-beat intervals, or (rate alone) from a heart rate that the device gives.',
  source:
    'Pan & Tompkins 1985, doi:10.1109/TBME.1985.325532, and Hamilton 2002 (QRS); Zong et al. 2003, doi:10.1109/CIC.2003.1291140 (pulse); Task Force 1996, doi:10.1161/01.CIR.93.5.1043 (RMSSD)',
  params,
  streams: ['ECG', 'PPG', 'HR', 'IBI'],
  state: 1,
  physics: beatProblems,
  create: (info, p, _, shared) =>
    info.type === 'HR' ? new RateOfDevice(info, p) : new RateOfBeats(info, p, shared),
});
