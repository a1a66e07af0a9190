import { MovingSum } from './moving-sum.js';
import { designButterworth, groupDelay_s, SosFilter } from './sos-filter.js';

const LOW_HZ = 0.5;
const HIGH_HZ = 8;
const FILTER_ORDER = 2;
/** Lengths of the moving averages: about one systolic peak, about one beat, s. */
const PEAK_S = 0.111;
const BEAT_S = 0.667;
/** Share of the mean power by which a peak must exceed the beat's average. */
const OFFSET = 0.02;
/** The mean power is that of the last seconds: the paper's is the whole record's, which a stream doesn't know. */
const MEAN_S = 3;
/** No heart beats faster, s. */
const REFRACTORY_S = 0.3;
/** The filter starts on the mirror image of so much of the signal, as filters in both directions do: the first beats keep their shape, s. */
const MIRROR_S = 1;
/** Below this share of the raw signal, what the filter gives is rounding; below the second value, the end of its ringing. */
const ROUNDING = 1e-9;
const LEAST_POWER = 1e-100;

/** A beat's time is where the signal under this edge is highest: a causal high-pass would move the peaks of long waves, Hz. */
const SMOOTH_HZ = 4;
/** Where most of a wave's power lies, Hz. */
const MIDDLE_HZ = 2;

/** Below this rate the detector's filter has no band, Hz. */
export const SLOWEST_PULSE_HZ = 3 * LOW_HZ;

/**
 * Causal form of Elgendi's two-moving-average detector of systolic peaks (Elgendi et al. 2013,
 * doi:10.1371/journal.pone.0076585), one channel of a pulse wave: where the short average of the upper half of the band-passed
 * signal, squared, exceeds the long one, there is a beat. Both averages are centred, so a beat is known about half a
 * beat after it; at both ends they are those of the samples that there are. A beat's
 * time is that of the peak, less the delay of the low-pass through which it is looked for.
 */
export class PulseDetector {
  readonly #emit: (time: number) => void;
  readonly #filter: SosFilter;
  readonly #sample = new Float64Array(1);
  readonly #beatSum: MovingSum;
  readonly #peakSum: MovingSum;
  readonly #meanSum: MovingSum;
  readonly #smooth: SosFilter;
  readonly #smoothDelay_s: number;
  readonly #smoothDelay: number;
  /** Low-passed samples and stamps, as far back as a block may begin. */
  readonly #smoothed: Float64Array;
  readonly #stamps: Float64Array;
  /** Power and rounding of the last samples, as far back as the centred average needs. */
  readonly #power: Float64Array;
  readonly #floors: Float64Array;
  readonly #halfBeat: number;
  readonly #halfPeak: number;
  readonly #shortestBlock: number;
  /** Samples since the start; places beyond the last one are counted while the end is told. */
  #pushed = 0;
  /** The first samples and their stamps, until there are enough to mirror; null afterwards. */
  #first: [x: number, time: number][] | null = [];
  readonly #mirror: number;
  #beyond = 0;
  #blockLength = 0;
  #last = Number.NEGATIVE_INFINITY;

  /** `sfreq`, Hz: at least {@link SLOWEST_PULSE_HZ}. `emit` gets the time of each beat, s, in order. */
  constructor(sfreq: number, emit: (time: number) => void) {
    this.#emit = emit;
    this.#filter = new SosFilter(
      [
        ...designButterworth('highpass', FILTER_ORDER, LOW_HZ, sfreq),
        ...designButterworth('lowpass', FILTER_ORDER, Math.min(HIGH_HZ, 0.45 * sfreq), sfreq),
      ],
      1,
    );
    this.#mirror = Math.max(2, Math.round(MIRROR_S * sfreq));
    this.#halfBeat = Math.max(1, Math.round((BEAT_S * sfreq) / 2));
    this.#halfPeak = Math.min(this.#halfBeat - 1, Math.round((PEAK_S * sfreq) / 2));
    this.#shortestBlock = Math.max(1, Math.floor(PEAK_S * sfreq));
    this.#beatSum = new MovingSum(2 * this.#halfBeat + 1);
    this.#peakSum = new MovingSum(2 * this.#halfPeak + 1);
    this.#meanSum = new MovingSum(Math.round(MEAN_S * sfreq));
    this.#power = new Float64Array(this.#halfBeat + 1);
    const smooth = designButterworth('lowpass', FILTER_ORDER, Math.min(SMOOTH_HZ, 0.45 * sfreq), sfreq);
    this.#smooth = new SosFilter(smooth, 1);
    this.#smoothDelay_s = groupDelay_s(smooth, MIDDLE_HZ, sfreq);
    this.#smoothDelay = Math.round(this.#smoothDelay_s * sfreq);
    this.#smoothed = new Float64Array(6 * this.#halfBeat);
    this.#stamps = new Float64Array(6 * this.#halfBeat);
    this.#floors = new Float64Array(this.#halfBeat + 1);
  }

  /** Takes a sample: `x` finite, `time` in s. */
  push(x: number, time: number): void {
    if (this.#first) {
      this.#first.push([x, time]);
      if (this.#first.length === this.#mirror) this.#begin();
    } else this.#take(x, time);
  }

  #begin(): void {
    const first = this.#first!;
    this.#first = null;
    for (let i = first.length - 1; i > 0; i--) this.#filtered(2 * first[0][0] - first[i][0]);
    for (const [x, time] of first) this.#take(x, time);
  }

  #filtered(x: number): number {
    this.#sample[0] = x;
    this.#filter.process(0, this.#sample, this.#sample, 0, 1);
    return this.#sample[0];
  }

  #take(x: number, time: number): void {
    const y = Math.max(0, this.#filtered(x));
    const at = this.#pushed % this.#smoothed.length;
    this.#sample[0] = x;
    this.#smooth.process(0, this.#sample, this.#sample, 0, 1);
    this.#smoothed[at] = this.#sample[0];
    this.#stamps[at] = time;
    this.#advance(y * y, Math.max(LEAST_POWER, ROUNDING * x * ROUNDING * x));
  }

  /** Tells the beats that what comes next would have made certain, and forgets the past: at a gap, or at the end. */
  finish(): void {
    if (this.#first) this.#begin();
    if (this.#pushed > 0) {
      for (let i = 0; i <= this.#halfBeat; i++) {
        this.#beyond++;
        this.#advance(0, Number.POSITIVE_INFINITY);
      }
      this.#follow(false, this.#pushed - this.#beyond);
    }
    this.#filter.restart(0);
    this.#smooth.restart(0);
    for (const sum of [this.#beatSum, this.#peakSum, this.#meanSum]) sum.clear();
    this.#power.fill(0);
    this.#pushed = 0;
    this.#beyond = 0;
    this.#blockLength = 0;
    this.#first = [];
  }

  #advance(power: number, floor: number): void {
    const size = this.#power.length;
    const newest = this.#pushed % size;
    this.#power[newest] = power;
    this.#floors[newest] = floor;
    this.#pushed++;
    // The short average's newest sample lies halfPeak after the long one's centre.
    const lead = this.#power[(newest + this.#halfPeak + 1) % size];
    const beatSum = this.#beatSum.push(power);
    const peakSum = this.#peakSum.push(lead);
    const meanSum = this.#meanSum.push(power);
    const behind = this.#pushed - this.#halfBeat - 1;
    if (behind < 0) return;
    const beat = beatSum / Math.min(this.#beatSum.length - this.#beyond, this.#pushed - this.#beyond);
    const ahead = Math.min(this.#halfPeak, this.#halfBeat - this.#beyond);
    const peak = peakSum / Math.max(1, Math.min(this.#halfPeak, behind) + 1 + ahead);
    const mean = meanSum / Math.min(this.#meanSum.length, this.#pushed);
    const centre = (newest + 1) % size;
    const above = peak > Math.max(this.#floors[centre], beat + OFFSET * mean);
    this.#follow(above, behind);
  }

  /** `place`: of the sample that is or isn't in a block, counted from the start. */
  #follow(above: boolean, place: number): void {
    if (above) {
      this.#blockLength++;
      return;
    }
    const length = this.#blockLength;
    this.#blockLength = 0;
    if (length < this.#shortestBlock) return;
    const beat = this.#peakBetween(place - length, place);
    if (!(beat - this.#last >= REFRACTORY_S)) return;
    this.#last = beat;
    this.#emit(beat);
  }

  /** Time of the highest of the smoothed samples that belong to places `from` to `to`, s; between samples by a parabola. */
  #peakBetween(from: number, to: number): number {
    const kept = this.#smoothed.length;
    const end = this.#pushed - this.#beyond;
    const first = Math.min(end - 1, Math.max(0, end - kept, from + this.#smoothDelay));
    const last = Math.min(end, to + this.#smoothDelay);
    let top = first;
    for (let i = first; i < last; i++) if (this.#smoothed[i % kept] > this.#smoothed[top % kept]) top = i;
    const time = this.#stamps[top % kept] - this.#smoothDelay_s;
    if (top === first || top + 1 >= last) return time;
    const [a, b, c] = [-1, 0, 1].map((k) => this.#smoothed[(top + k) % kept]);
    const bend = a - 2 * b + c;
    const step_s = this.#stamps[(top + 1) % kept] - this.#stamps[top % kept];
    return bend < 0 ? time + ((0.5 * (a - c)) / bend) * step_s : time;
  }
}
