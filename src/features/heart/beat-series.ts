import type { PhysicsProblem, UpstreamFacts } from '../../core/component.js';
import { type Chunk, channelOf, type StreamInfo, type StreamType } from '../../core/signal.js';
import { BeatDetector, ecgBeat, ppgBeat } from '../../dsp/beat-detector.js';
import { IntervalHistory } from '../../dsp/interval-history.js';

interface Heard {
  readonly detector: BeatDetector | null;
  readonly intervals: IntervalHistory;
  missing: boolean;
}

/** Below this rate the detector's filter has no band, Hz. */
function slowestRate(type: StreamType): number {
  return 3 * (type === 'ECG' ? ecgBeat : ppgBeat).low_hz;
}

/** A stream too slow to find beats in it. */
export function beatProblems(_: unknown, { stream_type, sfreq_hz }: UpstreamFacts): PhysicsProblem[] {
  const detected = stream_type === 'ECG' || stream_type === 'PPG';
  return detected && sfreq_hz !== undefined && sfreq_hz < slowestRate(stream_type)
    ? [{ path: [], message: `${sfreq_hz} Hz is too slow to find beats in ${stream_type}` }]
    : [];
}

/**
 * Intervals between heart beats of one stream: found in every channel of an ECG or PPG, or as the device measured them (IBI, s,
 * stamped at their end; its first channel).
 */
export class BeatSeries {
  readonly #channels: readonly Heard[];

  /** `kept_s`: how long intervals are remembered, s. */
  constructor(
    readonly info: StreamInfo,
    kept_s: number,
  ) {
    const { type, sfreq, channels } = info;
    const device = type === 'IBI';
    const heard = device
      ? channels.slice(0, 1).filter(({ unit }) => unit === 's')
      : sfreq >= slowestRate(type)
        ? channels
        : [];
    this.#channels = heard.map(() => ({
      detector: device ? null : new BeatDetector(type === 'ECG' ? ecgBeat : ppgBeat, sfreq),
      intervals: new IntervalHistory(kept_s),
      missing: false,
    }));
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
      detector.restart();
      intervals.break();
      broken = false;
    }
    const beat = detector.push(x, chunk.times[i]);
    if (!Number.isNaN(beat)) intervals.addBeat(beat);
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
