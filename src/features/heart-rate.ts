import { z } from 'zod';
import { featureDefinition } from '../core/component.js';
import type { Extractor } from '../core/processor.js';
import { type Chunk, channelOf, type StreamInfo, type Window } from '../core/signal.js';
import { BeatDetector, type BeatShape, ecgBeat, ppgBeat } from '../dsp/beat-detector.js';
import { IntervalHistory } from '../dsp/interval-history.js';

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

/** Beats found in the signal. Of several channels, the one with the most even rhythm at the moment counts. */
class BeatsOfSignal implements Extractor {
  readonly descriptors = descriptors;
  readonly context_s;
  readonly #channels: readonly {
    readonly detector: BeatDetector;
    readonly intervals: IntervalHistory;
    missing: boolean;
  }[];

  constructor(
    info: StreamInfo,
    shape: BeatShape,
    readonly params: Params,
  ) {
    this.context_s = params.rate_s;
    // Below this rate the filter has no band.
    const usable = info.sfreq >= 3 * shape.low_hz;
    this.#channels = (usable ? info.channels : []).map(() => ({
      detector: new BeatDetector(shape, info.sfreq),
      intervals: new IntervalHistory(),
      missing: false,
    }));
  }

  push(chunk: Chunk): void {
    for (const [c, channel] of this.#channels.entries()) {
      const { detector, intervals } = channel;
      const samples = channelOf(chunk, c);
      let broken = chunk.gapBefore || channel.missing;
      for (let i = 0; i < samples.length; i++) {
        const x = samples[i];
        if (x - x !== 0) {
          broken = true;
          continue;
        }
        if (broken) {
          detector.restart();
          intervals.break();
          broken = false;
        }
        const beat = detector.push(x, chunk.times[i]);
        if (!Number.isNaN(beat)) intervals.addBeat(beat);
      }
      channel.missing = broken;
    }
  }

  compute({ end }: Window, out: Float64Array): void {
    const { rate_s, rmssd_s } = this.params;
    let most = 0;
    out.fill(Number.NaN);
    for (const { intervals } of this.#channels) {
      const regularity = intervals.regularity(end, rate_s);
      if (regularity <= most) continue;
      most = regularity;
      out[0] = intervals.rate(end, rate_s);
      out[1] = intervals.rmssd(end, rmssd_s, LEAST_RMSSD_S);
    }
  }
}

/** Intervals that the device measured, s, stamped at their end. */
class BeatsOfDevice implements Extractor {
  readonly descriptors = descriptors;
  readonly context_s;
  readonly #intervals = new IntervalHistory();
  readonly #known: boolean;

  constructor(
    info: StreamInfo,
    readonly params: Params,
  ) {
    this.context_s = params.rate_s;
    this.#known = info.channels[0]?.unit === 's';
  }

  push(chunk: Chunk): void {
    if (!this.#known) return;
    if (chunk.gapBefore) this.#intervals.break();
    const lengths = channelOf(chunk, 0);
    for (let i = 0; i < lengths.length; i++) {
      if (lengths[i] - lengths[i] === 0) this.#intervals.addInterval(chunk.times[i], lengths[i]);
      else this.#intervals.break();
    }
  }

  compute({ end }: Window, out: Float64Array): void {
    out[0] = this.#intervals.rate(end, this.params.rate_s);
    out[1] = this.#intervals.rmssd(end, this.params.rmssd_s, LEAST_RMSSD_S);
  }
}

/** A rate that the device measured, 1/min. */
class RateOfDevice implements Extractor {
  readonly descriptors = descriptors;
  readonly #recent: { time: number; rate: number }[] = [];
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
}

export const heartRate = featureDefinition<Params>({
  name: 'heart-rate',
  summary:
    'Mean heart rate and RMSSD, from beats found causally in ECG or PPG, from inter-beat intervals, or (rate alone) from a heart rate that the device gives.',
  source: 'Elgendi et al. 2010 and 2013 (beats); Task Force 1996, doi:10.1161/01.CIR.93.5.1043 (RMSSD)',
  params,
  streams: ['ECG', 'PPG', 'HR', 'IBI'],
  physics: (_, { stream_type, sfreq_hz }) => {
    const shape = stream_type === 'ECG' ? ecgBeat : stream_type === 'PPG' ? ppgBeat : null;
    return shape && sfreq_hz !== undefined && sfreq_hz < 3 * shape.low_hz
      ? [{ path: [], message: `${sfreq_hz} Hz is too slow to find beats in ${stream_type}` }]
      : [];
  },
  create: (info, p) => {
    if (info.type === 'IBI') return new BeatsOfDevice(info, p);
    if (info.type === 'HR') return new RateOfDevice(info, p);
    return new BeatsOfSignal(info, info.type === 'ECG' ? ecgBeat : ppgBeat, p);
  },
});
