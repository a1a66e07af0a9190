import { MovingSum } from './moving-sum.js';
import { designButterworth, SosFilter } from './sos-filter.js';

/** What makes a pulse of one kind of signal. */
export interface BeatShape {
  readonly low_hz: number;
  readonly high_hz: number;
  /** Lengths of the moving averages: about one peak, about one beat, s. */
  readonly peak_s: number;
  readonly beat_s: number;
  /** Share of the mean power by which a peak must exceed the beat's average. */
  readonly offset: number;
  /** Only upward deflections count: a pulse wave, unlike a QRS complex, has no downward peak of its own. */
  readonly upward: boolean;
}

/** QRS complexes: Elgendi, Jonkman & De Boer 2010, 8-20 Hz, 97 and 611 ms, 8 %. */
export const ecgBeat: BeatShape = {
  low_hz: 8,
  high_hz: 20,
  peak_s: 0.097,
  beat_s: 0.611,
  offset: 0.08,
  upward: false,
};

/** Systolic peaks: Elgendi et al. 2013, doi:10.1371/journal.pone.0076585, 0.5-8 Hz, 111 and 667 ms, 2 %. */
export const ppgBeat: BeatShape = {
  low_hz: 0.5,
  high_hz: 8,
  peak_s: 0.111,
  beat_s: 0.667,
  offset: 0.02,
  upward: true,
};

/** No heart beats faster, s. */
const REFRACTORY_S = 0.3;
/** The mean power is that of the last seconds: the papers' is the whole record's, which a stream doesn't know. */
const MEAN_S = 3;
const FILTER_ORDER = 2;
/** Below this share of the raw signal, what the filter gives is rounding; below the second value, the end of its ringing. */
const ROUNDING = 1e-9;
const LEAST_POWER = 1e-100;

/**
 * Causal form of Elgendi's two-moving-average detector of heart beats, one channel: where the short average of the
 * filtered signal's power exceeds the long one, there is a beat. Both averages are centred, so a beat is known about
 * half a beat after it. Its time is the power's centroid over the block, which no change of polarity moves.
 */
export class BeatDetector {
  readonly #shape: BeatShape;
  readonly #filter: SosFilter;
  readonly #sample = new Float64Array(1);
  readonly #beatSum: MovingSum;
  readonly #peakSum: MovingSum;
  readonly #meanSum: MovingSum;
  /** Power and stamps of the last samples, as far back as the centred average needs. */
  readonly #power: Float64Array;
  readonly #times: Float64Array;
  readonly #halfPeak: number;
  readonly #shortestBlock: number;
  #pushed = 0;
  #blockLength = 0;
  #blockPower = 0;
  #blockMoment = 0;
  #blockStart = 0;
  #last = Number.NEGATIVE_INFINITY;

  /** `sfreq`, Hz: at least 3 times the shape's low edge. */
  constructor(shape: BeatShape, sfreq: number) {
    this.#shape = shape;
    const high_hz = Math.min(shape.high_hz, 0.45 * sfreq);
    this.#filter = new SosFilter(
      [
        ...designButterworth('highpass', FILTER_ORDER, shape.low_hz, sfreq),
        ...designButterworth('lowpass', FILTER_ORDER, high_hz, sfreq),
      ],
      1,
    );
    const halfBeat = Math.max(1, Math.round((shape.beat_s * sfreq) / 2));
    this.#halfPeak = Math.min(halfBeat - 1, Math.round((shape.peak_s * sfreq) / 2));
    this.#shortestBlock = Math.max(1, Math.floor(shape.peak_s * sfreq));
    this.#beatSum = new MovingSum(2 * halfBeat + 1);
    this.#peakSum = new MovingSum(2 * this.#halfPeak + 1);
    this.#meanSum = new MovingSum(Math.round(MEAN_S * sfreq));
    this.#power = new Float64Array(halfBeat + 1);
    this.#times = new Float64Array(halfBeat + 1);
  }

  /** Forgets the past: after a gap or a missing sample. */
  restart(): void {
    this.#filter.restart(0);
    for (const sum of [this.#beatSum, this.#peakSum, this.#meanSum]) sum.clear();
    this.#power.fill(0);
    this.#pushed = 0;
    this.#blockLength = 0;
  }

  /** Takes a sample; gives the time of the beat that it makes certain, s, or NaN. */
  push(x: number, time: number): number {
    this.#sample[0] = x;
    this.#filter.process(0, this.#sample, this.#sample, 0, 1);
    const y = this.#shape.upward ? Math.max(0, this.#sample[0]) : this.#sample[0];
    const power = y * y;
    const size = this.#power.length;
    const newest = this.#pushed % size;
    this.#power[newest] = power;
    this.#times[newest] = time;
    this.#pushed++;
    // The short average's newest sample lies halfPeak after the long one's centre.
    const lead = this.#power[(newest + this.#halfPeak + 1) % size];
    const beat = this.#beatSum.push(power) / this.#beatSum.length;
    const peak = this.#peakSum.push(lead) / this.#peakSum.length;
    const mean = this.#meanSum.push(power) / Math.min(this.#meanSum.length, this.#pushed);
    // Full averages from here on.
    if (this.#pushed < this.#beatSum.length) return Number.NaN;
    const centre = (newest + 1) % size;
    const floor = Math.max(LEAST_POWER, ROUNDING * x * ROUNDING * x);
    const above = peak > Math.max(floor, beat + this.#shape.offset * mean);
    return this.#follow(above, this.#power[centre], this.#times[centre]);
  }

  #follow(above: boolean, power: number, time: number): number {
    if (above) {
      if (this.#blockLength === 0) {
        this.#blockStart = time;
        this.#blockPower = 0;
        this.#blockMoment = 0;
      }
      this.#blockLength++;
      this.#blockPower += power;
      this.#blockMoment += power * (time - this.#blockStart);
      return Number.NaN;
    }
    const length = this.#blockLength;
    this.#blockLength = 0;
    if (length < this.#shortestBlock) return Number.NaN;
    const beat = this.#blockStart + this.#blockMoment / this.#blockPower;
    if (!(beat - this.#last >= REFRACTORY_S)) return Number.NaN;
    this.#last = beat;
    return beat;
  }
}
