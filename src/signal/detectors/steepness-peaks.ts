import type { Stateful } from '../../core/state.js';
import { MovingSum, type MovingSumState } from '../dsp/moving-sum.js';
import { designButterworth, groupDelay_s, SosFilter, type SosFilterState } from '../dsp/sos-filter.js';
import { median } from '../dsp/statistics.js';

/** Where a signal is steepest. */
export interface SteepnessPeak {
  /** Of the largest deflection around it, s. */
  readonly time: number;
  /** Root mean square slope of the band-passed signal, units per sample. */
  readonly size: number;
  /** Median of the same over the {@link AROUND_S} that end when the peak is told. */
  readonly around: number;
}

export interface SteepnessShape {
  readonly low_hz: number;
  readonly high_hz: number;
  /** Where most of the power of what is looked for lies: the filter's delay is taken out there, Hz. */
  readonly middle_hz: number;
  /** Length of the steep part of what is looked for, s. */
  readonly steep_s: number;
  /** The deflection lies between these after the steep part's middle, s, most likely in their middle. */
  readonly deflection_s: readonly [from: number, to: number];
  /** Edge of the low-pass under which the deflection is measured, Hz. */
  readonly deflection_hz: number;
}

/** Nothing on either side of a peak exceeds it for this long, s. */
const ALONE_S = 0.2;
/** About one beat, s; looked at in so many places. */
const AROUND_S = 0.8;
const AROUND_PLACES = 24;
const HIGH_PASS_ORDER = 2;
/** Steep enough that the slope, which grows with frequency, doesn't follow the mains. */
const LOW_PASS_ORDER = 4;
/** At this distance from where a deflection is most likely, it counts half, s. */
const HALF_WEIGHT_S = 0.08;
/** How soon the polarity is learnt, and by how much at most it favours one direction. */
const POLARITY_SHARE = 0.1;
const POLARITY_FAVOUR = 2;
/** Below this share of the raw signal, what the filter gives is rounding; below the second value, the end of its ringing. */
const ROUNDING = 1e-9;
const LEAST = 1e-50;

export type SteepnessPeaksState = {
  readonly filter: SosFilterState;
  readonly smooth: SosFilterState;
  readonly sum: MovingSumState;
  readonly steepness: Float64Array;
  readonly powers: Float64Array;
  readonly smoothed: Float64Array;
  readonly times: Float64Array;
  readonly pushed: number;
  readonly last: number;
  readonly top: number;
  readonly topAt: number;
  readonly lowest: number;
  readonly polarity: number;
};

/**
 * Peaks of the root mean square slope, over `steep_s`, of a band-passed signal; one channel. Each is dated at the largest
 * deflection of the (low-passed) signal around it, from the line through the ends of that stretch; of two directions the
 * one that was larger before is favoured, so that a wave with two equal halves is always dated at the same one. A peak is told
 * {@link ALONE_S} after it.
 */
export class SteepnessPeaks implements Stateful<SteepnessPeaksState> {
  readonly #shape: SteepnessShape;
  readonly #filter: SosFilter;
  readonly #delay_s: number;
  readonly #smooth: SosFilter;
  readonly #smoothDelay_s: number;
  readonly #sum: MovingSum;
  /** The steepness, every `#every`th sample. */
  readonly #steepness = new Float64Array(AROUND_PLACES);
  readonly #every: number;
  /** Of the last samples: squared slope, smoothed signal, stamp. */
  readonly #powers: Float64Array;
  readonly #smoothed: Float64Array;
  readonly #times: Float64Array;
  readonly #kept: number;
  readonly #steep: number;
  readonly #alone: number;
  #pushed = 0;
  #last = Number.NaN;
  /** The largest since the steepness last rose: its size and place; size 0: none. */
  #top = 0;
  #topAt = 0;
  #lowest = Number.POSITIVE_INFINITY;
  /** -1 (down) to 1 (up). */
  #polarity = 0;

  /** `sfreq`, Hz: at least 3 times the shape's low edge. */
  constructor(
    shape: SteepnessShape,
    readonly sfreq: number,
  ) {
    this.#shape = shape;
    const most_hz = 0.45 * sfreq;
    const band = [
      ...designButterworth('highpass', HIGH_PASS_ORDER, shape.low_hz, sfreq),
      ...designButterworth('lowpass', LOW_PASS_ORDER, Math.min(shape.high_hz, most_hz), sfreq),
    ];
    this.#filter = new SosFilter(band, 1);
    // Half a sample more: a slope lies between two.
    this.#delay_s = groupDelay_s(band, shape.middle_hz, sfreq) + 0.5 / sfreq;
    const smooth = designButterworth('lowpass', 2, Math.min(shape.deflection_hz, most_hz), sfreq);
    this.#smooth = new SosFilter(smooth, 1);
    this.#smoothDelay_s = groupDelay_s(smooth, shape.middle_hz, sfreq);
    this.#steep = Math.max(1, Math.round(shape.steep_s * sfreq));
    this.#sum = new MovingSum(this.#steep);
    this.#every = Math.max(1, Math.round((AROUND_S * sfreq) / AROUND_PLACES));
    this.#alone = Math.max(2, Math.round(ALONE_S * sfreq));
    this.#kept = this.#alone + 3 * this.#steep + Math.ceil((shape.deflection_s[1] + 0.3) * sfreq);
    this.#powers = new Float64Array(this.#kept);
    this.#smoothed = new Float64Array(this.#kept);
    this.#times = new Float64Array(this.#kept);
  }

  /** The next sample is taken as the first. */
  restart(): void {
    this.#filter.restart(0);
    this.#smooth.restart(0);
    this.#sum.clear();
    this.#pushed = 0;
    this.#top = 0;
    this.#lowest = Number.POSITIVE_INFINITY;
  }

  /** `x` finite, `time` in s. The peak that this sample makes known, or null. */
  push(x: number, time: number): SteepnessPeak | null {
    const at = this.#pushed % this.#kept;
    const y = this.#filter.processOne(0, x);
    const slope = this.#pushed === 0 ? 0 : y - this.#last;
    const power = slope * slope;
    this.#last = y;
    this.#powers[at] = power;
    this.#smoothed[at] = this.#smooth.processOne(0, x);
    this.#times[at] = time;
    this.#pushed++;
    const size = Math.sqrt(Math.max(0, this.#sum.push(power)) / this.#steep);
    if (this.#pushed % this.#every === 0)
      this.#steepness[(this.#pushed / this.#every) % AROUND_PLACES] = size;
    const floor = Math.max(LEAST, ROUNDING * Math.abs(x));
    if (size > this.#top && size > this.#lowest && size > floor) {
      this.#top = size;
      this.#topAt = this.#pushed;
    } else if (this.#top === 0) this.#lowest = Math.min(this.#lowest, size);
    return this.#top > 0 && this.#pushed - this.#topAt >= this.#alone ? this.finish() : null;
  }

  /** The peak that was not known yet, where nothing comes after it. */
  finish(): SteepnessPeak | null {
    const size = this.#top;
    if (size === 0) return null;
    this.#top = 0;
    this.#lowest = Number.POSITIVE_INFINITY;
    const middle = this.#steepMiddle() + (this.#smoothDelay_s - this.#delay_s) * this.sfreq;
    const time = this.#timeAt(this.#deflectionNear(middle)) - this.#smoothDelay_s;
    const places = Math.min(AROUND_PLACES, Math.floor(this.#pushed / this.#every));
    return { time, size, around: median(this.#steepness.slice(0, places + 1)) };
  }

  snapshot(): SteepnessPeaksState {
    return {
      filter: this.#filter.snapshot(),
      smooth: this.#smooth.snapshot(),
      sum: this.#sum.snapshot(),
      steepness: this.#steepness.slice(),
      powers: this.#powers.slice(),
      smoothed: this.#smoothed.slice(),
      times: this.#times.slice(),
      pushed: this.#pushed,
      last: this.#last,
      top: this.#top,
      topAt: this.#topAt,
      lowest: this.#lowest,
      polarity: this.#polarity,
    };
  }

  restore(state: SteepnessPeaksState): void {
    this.#filter.restore(state.filter);
    this.#smooth.restore(state.smooth);
    this.#sum.restore(state.sum);
    this.#steepness.set(state.steepness);
    this.#powers.set(state.powers);
    this.#smoothed.set(state.smoothed);
    this.#times.set(state.times);
    this.#pushed = state.pushed;
    this.#last = state.last;
    this.#top = state.top;
    this.#topAt = state.topAt;
    this.#lowest = state.lowest;
    this.#polarity = state.polarity;
  }

  /** Places count samples from the start; those in between are fractions. This one is the centroid of the squared slope. */
  #steepMiddle(): number {
    // The steepness at `topAt` is that of the `steep` samples up to it; a quarter more on either side.
    const margin = this.#steep >> 2;
    const [from, to] = this.#within(this.#topAt - this.#steep - margin, this.#topAt + margin);
    let [sum, moment] = [0, 0];
    for (let i = from; i < to; i++) {
      sum += this.#powers[i % this.#kept];
      moment += this.#powers[i % this.#kept] * (i - from);
    }
    return sum > 0 ? from + moment / sum : from;
  }

  #deflectionNear(middle: number): number {
    const [early, late] = this.#shape.deflection_s;
    const [from, to] = this.#within(
      Math.round(middle + early * this.sfreq),
      Math.round(middle + late * this.sfreq) + 1,
    );
    const likely = middle + 0.5 * (early + late) * this.sfreq;
    const start = this.#smoothedAt(from);
    const rise = (this.#smoothedAt(to - 1) - start) / Math.max(1, to - 1 - from);
    let [high, highAt, low, lowAt] = [0, from, 0, from];
    for (let i = from; i < to; i++) {
      const far = (i - likely) / (HALF_WEIGHT_S * this.sfreq);
      const deflection = (this.#smoothedAt(i) - start - rise * (i - from)) / (1 + far * far);
      if (deflection > high) [high, highAt] = [deflection, i];
      if (-deflection > low) [low, lowAt] = [-deflection, i];
    }
    // Twice as much for the usual direction, half for the other, once it is certain.
    const favour = Math.exp(Math.LN2 * this.#polarity * (POLARITY_FAVOUR - 1));
    const up = high * favour >= low / favour;
    this.#polarity += POLARITY_SHARE * (Math.sign(high - low) - this.#polarity);
    return this.#summit(up ? highAt : lowAt, from, to);
  }

  /** The parabola's summit through the smoothed samples around place `at`. */
  #summit(at: number, from: number, to: number): number {
    if (at <= from || at + 1 >= to) return at;
    const [a, b, c] = [this.#smoothedAt(at - 1), this.#smoothedAt(at), this.#smoothedAt(at + 1)];
    const bend = a - 2 * b + c;
    return bend === 0 ? at : at + Math.max(-0.5, Math.min(0.5, (0.5 * (a - c)) / bend));
  }

  #within(from: number, to: number): [from: number, to: number] {
    const first = Math.max(0, this.#pushed - this.#kept, from);
    return [Math.min(first, this.#pushed - 1), Math.min(this.#pushed, Math.max(to, first + 1))];
  }

  #smoothedAt(i: number): number {
    return this.#smoothed[i % this.#kept];
  }

  #timeAt(place: number): number {
    const i = Math.max(0, Math.min(this.#pushed - 2, Math.floor(place)));
    const before = this.#times[i % this.#kept];
    if (this.#pushed < 2) return before;
    return before + (place - i) * (this.#times[(i + 1) % this.#kept] - before);
  }
}
