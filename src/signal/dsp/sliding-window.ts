import type { Seconds } from '../../core/clock.js';
import type { MaskReason } from '../../core/features.js';
import {
  type Chunk,
  lowerBound,
  type StreamInfo,
  samplesIn,
  TIME_TOLERANCE_S,
  type Window,
} from '../../core/signal.js';
import type { Stateful } from '../../core/state.js';
import { staleLimit_s } from '../timebase/stale-limit.js';
import { SampleBuffer, type SampleBufferState } from './sample-buffer.js';

/** A window and, when nothing in it may be used, why. */
export interface SlidWindow {
  readonly window: Window;
  readonly reason: Extract<MaskReason, 'absent' | 'stale' | 'warming-up'> | null;
}

export type SlidingWindowState = {
  readonly samples: SampleBufferState;
  readonly forgotten: number;
  readonly taken: number;
  readonly gapsTaken: number;
  readonly first: Seconds | null;
};

/**
 * Windows of one stream by data time. At T a window holds the last `round(window_s * sfreq)` samples with t < T;
 * irregular streams: those with t in [T - window_s, T). Where a gap lies between these samples, only those with
 * t >= T - window_s stay and `gap` is set: a window never spans more than its length unflagged.
 *
 * Coverage of a regular stream is its usable samples in [T - window_s, T) over the expected number; a sample of an
 * irregular stream covers the time up to the next one, at most the stale limit.
 */
export class SlidingWindow implements Stateful<SlidingWindowState> {
  readonly #buffer: SampleBuffer;
  readonly #expected: number;
  readonly #limit_s: Seconds;
  /** Samples forgotten and samples given by {@link take}, counted from the start. */
  #forgotten = 0;
  #taken = 0;
  #gapsTaken = 0;
  #first: Seconds | null = null;

  constructor(
    readonly info: StreamInfo,
    readonly window_s: Seconds,
  ) {
    this.#expected = samplesIn(window_s, info.sfreq);
    this.#limit_s = staleLimit_s(info);
    this.#buffer = new SampleBuffer(info, 2 * Math.max(this.#expected, 64));
  }

  push(chunk: Chunk): void {
    if (chunk.times.length === 0) return;
    this.#first ??= chunk.times[0];
    this.#buffer.append(chunk);
  }

  /** Samples with t < `time` that no earlier call gave, in order, as chunks that span no gap. */
  *take(time: Seconds): Generator<Chunk> {
    const end = this.#endAt(time);
    const from = this.#taken - this.#forgotten;
    if (end <= from) return;
    const gaps = this.#gapsTaken;
    this.#gapsTaken = this.#buffer.gapsUpTo(end - 1);
    this.#taken = this.#forgotten + end;
    yield* this.#buffer.chunks(from, end, gaps);
  }

  /**
   * The window at `time`; times must not decrease from call to call. Its views hold until the next {@link push} or call.
   * `isStale`: whether the session holds the stream to be stale. One that it doesn't, and of which nothing has come from `time` on, is
   * on its way: a sender of long chunks is not silent. Default: stamps alone decide.
   */
  at(time: Seconds, isStale = true): SlidWindow {
    const buffer = this.#buffer;
    const start = time - this.window_s;
    const end = this.#endAt(time);
    const regular = this.info.sfreq > 0;
    const startIndex = lowerBound(buffer.times(), start - TIME_TOLERANCE_S, end);
    let from = regular ? Math.max(0, end - this.#expected) : startIndex;
    // The sample before an irregular window still covers its beginning.
    this.#forget(regular ? from : Math.max(0, from - 1));
    const forgotten = end - this.#endAt(time);
    const to = end - forgotten;
    from -= forgotten;
    const isOnItsWay = !isStale && to === buffer.times().length;
    const reason = this.#reasonAt(time, start, to, isOnItsWay);
    const gap = regular ? buffer.hasGap(from, to) : this.#hasHole(from, to, start, time);
    if (gap) from = Math.max(from, startIndex - forgotten);
    const length = to - from;
    const times = buffer.times(from, to);
    const coverage = new Float32Array(this.info.channels.length);
    if (regular) this.#coverRegular(coverage, start, from, to);
    else
      for (let c = 0; c < coverage.length; c++)
        coverage[c] = this.#irregularCoverage(c, start, time, from, to);
    const window: Window = {
      info: this.info,
      start,
      end: time,
      length,
      expected: regular ? this.#expected : length,
      times,
      coverage,
      gap,
      channel: (c) => buffer.channel(c, from, to),
    };
    return { window, reason };
  }

  snapshot(): SlidingWindowState {
    return {
      samples: this.#buffer.snapshot(),
      forgotten: this.#forgotten,
      taken: this.#taken,
      gapsTaken: this.#gapsTaken,
      first: this.#first,
    };
  }

  restore({ samples, forgotten, taken, gapsTaken, first }: SlidingWindowState): void {
    this.#buffer.restore(samples);
    this.#forgotten = forgotten;
    this.#taken = taken;
    this.#gapsTaken = gapsTaken;
    this.#first = first;
  }

  #endAt(time: Seconds): number {
    return lowerBound(this.#buffer.times(), time - TIME_TOLERANCE_S);
  }

  /** Only what {@link take} has given too, or nobody takes. */
  #forget(count: number): void {
    this.#buffer.discard(count);
    this.#forgotten += count;
    this.#taken = Math.max(this.#taken, this.#forgotten);
  }

  #reasonAt(time: Seconds, start: Seconds, held: number, isOnItsWay: boolean): SlidWindow['reason'] {
    if (this.#first === null || this.#first >= time - TIME_TOLERANCE_S) return 'absent';
    const last = held > 0 ? this.#buffer.times()[held - 1] : -Infinity;
    if (!isOnItsWay && time - last > this.#limit_s + TIME_TOLERANCE_S) return 'stale';
    const regular = this.info.sfreq > 0;
    const warm = regular
      ? held >= this.#expected
      : this.#first <= start + Math.min(this.#limit_s, this.window_s / 2);
    return warm ? null : 'warming-up';
  }

  #hasHole(from: number, to: number, start: Seconds, end: Seconds): boolean {
    const times = this.#buffer.times();
    let previous = from > 0 ? times[from - 1] : start;
    for (let i = from; i < to; i++) {
      if (times[i] - previous > this.#limit_s) return true;
      previous = times[i];
    }
    return end - previous > this.#limit_s || this.#buffer.hasGap(from, to);
  }

  #coverRegular(coverage: Float32Array, start: Seconds, from: number, to: number): void {
    // Half a period of slack: a jittered stamp may fall just before the start.
    const slack = 0.5 / this.info.sfreq;
    const first = Math.max(from, lowerBound(this.#buffer.times(), start - slack, to));
    for (let c = 0; c < coverage.length; c++)
      coverage[c] = Math.min(1, this.#buffer.usable(c, first, to) / Math.max(1, this.#expected));
  }

  #irregularCoverage(c: number, start: Seconds, end: Seconds, from: number, to: number): number {
    const times = this.#buffer.times();
    const samples = this.#buffer.channel(c, 0, to);
    let covered = 0;
    for (let i = Math.max(0, from - 1); i < to; i++) {
      if (samples[i] - samples[i] !== 0) continue;
      const until = Math.min(i + 1 < to ? times[i + 1] : end, times[i] + this.#limit_s, end);
      covered += Math.max(0, until - Math.max(times[i], start));
    }
    // Up to the first sample ever, the stream had not begun; it is covered as later holes of that length are.
    if (this.#first !== null && this.#first > start && this.#first - start <= this.#limit_s) {
      const x = samples[from];
      if (to > from && x - x === 0) covered += times[from] - start;
    }
    return Math.min(1, covered / (end - start));
  }
}
