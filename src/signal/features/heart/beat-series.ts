import type { PhysicsProblem, UpstreamFacts } from '../../../core/component.js';
import type { SharedParts } from '../../../core/processor.js';
import { type Chunk, channelOf, type StreamInfo, type StreamType } from '../../../core/signal.js';
import type { Stateful } from '../../../core/state.js';
import { IntervalHistory, type IntervalHistoryState } from '../../detectors/interval-history.js';
import { PulseDetector, SLOWEST_PULSE_HZ } from '../../detectors/pulse-detector.js';
import { QrsDetector, SLOWEST_QRS_HZ } from '../../detectors/qrs-detector.js';

/** Finds beats in an ECG or a PPG and tells their times, s, in order. */
export interface BeatDetector extends Stateful {
  push(x: number, time: number): void;
  /** Tells what is left and forgets the past. */
  finish(): void;
}

/** The detector for streams of `type`; null where the rate is too slow to find beats, or the type shows none. */
export function beatDetector(
  type: StreamType,
  sfreq: number,
  emit: (time: number) => void,
): BeatDetector | null {
  if (!(sfreq >= slowestRate(type))) return null;
  return type === 'ECG' ? new QrsDetector(sfreq, emit) : new PulseDetector(sfreq, emit);
}

interface Heard {
  readonly detector: BeatDetector | null;
  readonly intervals: IntervalHistory;
  missing: boolean;
}

/** Longer than any feature looks back, s. */
const KEPT_S = 300;
const SHARED_NAME = 'beats';

/** Rate below which no beats are found in streams of `type`, Hz. */
function slowestRate(type: StreamType): number {
  if (type === 'ECG') return SLOWEST_QRS_HZ;
  return type === 'PPG' ? SLOWEST_PULSE_HZ : Number.POSITIVE_INFINITY;
}

/** A stream too slow to find beats in it. */
export function beatProblems(_: unknown, { stream_type, sfreq_hz }: UpstreamFacts): PhysicsProblem[] {
  const detected = stream_type === 'ECG' || stream_type === 'PPG';
  return detected && sfreq_hz !== undefined && sfreq_hz < slowestRate(stream_type)
    ? [{ path: [], message: `${sfreq_hz} Hz is too slow to find beats in ${stream_type}` }]
    : [];
}

/** Of each channel. */
export type BeatSeriesState = readonly {
  readonly detector: unknown;
  readonly intervals: IntervalHistoryState;
  readonly missing: boolean;
}[];

/** What an extractor needs of beats. The state of those that are another's is null. */
export interface Beats extends Stateful<BeatSeriesState | null> {
  push(chunk: Chunk): void;
  steadiest(time: number, span_s: number): IntervalHistory | null;
}

/**
 * Intervals between heart beats of one stream: found in every channel of an ECG or PPG, or as the device measured them (IBI, s,
 * stamped at their end; its first channel).
 */
export class BeatSeries implements Beats {
  readonly #channels: readonly Heard[];

  constructor(readonly info: StreamInfo) {
    const { type, sfreq, channels } = info;
    const device = type === 'IBI';
    const heard = device
      ? channels.slice(0, 1).filter(({ unit }) => unit === 's')
      : sfreq >= slowestRate(type)
        ? channels
        : [];
    this.#channels = heard.map(() => {
      const intervals = new IntervalHistory(KEPT_S);
      const beat = (time: number) => intervals.addBeat(time);
      return { detector: beatDetector(type, sfreq, beat), intervals, missing: false };
    });
  }

  /** Those that an extractor before has made already, feeds and stores, so that beats are found once; else new ones. */
  static shared(info: StreamInfo, shared: SharedParts = new Map()): Beats {
    const made = shared.get(SHARED_NAME);
    if (made instanceof BeatSeries)
      return {
        push: () => {},
        steadiest: (time, span_s) => made.steadiest(time, span_s),
        snapshot: () => null,
        restore: () => {},
      };
    const beats = new BeatSeries(info);
    shared.set(SHARED_NAME, beats);
    return beats;
  }

  push(chunk: Chunk): void {
    for (const [c, heard] of this.#channels.entries()) {
      if (heard.detector) follow(heard, heard.detector, chunk, channelOf(chunk, c));
      else note(heard.intervals, chunk, channelOf(chunk, c));
    }
  }

  /** The intervals of the channel with the most even rhythm over (time - span_s, time], or null where none has one; a device's own. */
  steadiest(time: number, span_s: number): IntervalHistory | null {
    if (this.info.type === 'IBI') return this.#channels[0]?.intervals ?? null;
    let most = 0;
    let best: IntervalHistory | null = null;
    for (const { intervals } of this.#channels) {
      const regularity = intervals.regularity(time, span_s);
      if (regularity <= most) continue;
      most = regularity;
      best = intervals;
    }
    return best;
  }

  snapshot(): BeatSeriesState {
    return this.#channels.map(({ detector, intervals, missing }) => ({
      detector: detector?.snapshot() ?? null,
      intervals: intervals.snapshot(),
      missing,
    }));
  }

  restore(state: BeatSeriesState): void {
    for (const [c, { detector, intervals, missing }] of state.entries()) {
      const heard = this.#channels[c];
      heard.detector?.restore(detector);
      heard.intervals.restore(intervals);
      heard.missing = missing;
    }
  }
}

function follow(heard: Heard, detector: BeatDetector, chunk: Chunk, samples: Float64Array): void {
  const { intervals } = heard;
  let broken = chunk.gapBefore || heard.missing;
  for (let i = 0; i < samples.length; i++) {
    const x = samples[i];
    if (x - x !== 0) {
      broken = true;
      continue;
    }
    if (broken) {
      detector.finish();
      intervals.break();
      broken = false;
    }
    detector.push(x, chunk.times[i]);
  }
  heard.missing = broken;
}

function note(intervals: IntervalHistory, chunk: Chunk, lengths: Float64Array): void {
  if (chunk.gapBefore) intervals.break();
  for (let i = 0; i < lengths.length; i++) {
    if (lengths[i] - lengths[i] === 0) intervals.addInterval(chunk.times[i], lengths[i]);
    else intervals.break();
  }
}
