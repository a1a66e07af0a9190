import type { Stateful } from '../../core/state.js';
import { designButterworth, groupDelay_s, SosFilter, type SosFilterState } from '../dsp/sos-filter.js';
import { BeatDecision, type BeatDecisionState, type BeatRules } from './beat-decision.js';

const FILTER_ORDER = 2;
/** Slopes are those of the signal under this edge; the mains and most of a muscle's noise lie above it, Hz. */
const STEEP_HZ = 8;
/** A beat's time is where the signal under this edge is highest, Hz. */
const SMOOTH_HZ = 4;
/** Where most of a wave's power lies, Hz. */
const MIDDLE_HZ = 2;
/** No slope on either side of a pulse's steepest exceeds it for this long, s. */
const ALONE_S = 0.12;
/** Within this, s, the slope grows before its peak, and falls after it. */
const GROW_S = 0.3;
const FALL_S = 0.2;
/** A pulse is highest so long after it is steepest, s: at most, and where the fall of the one before hides its summit. */
const LONGEST_CLIMB_S = 0.25;
const CLIMB_S = 0.08;
/** Below this share of the raw signal, what the filter gives is rounding; below the second value, the end of its ringing. */
const ROUNDING = 1e-9;
const LEAST = 1e-50;

/** Late waves are reflected ones. An early beat hardly fills the vessel: its pulse may be a fifth of the others. */
const rules: BeatRules = {
  refractory_s: 0.3,
  late_s: 0.38,
  late_share: 0.7,
  threshold_share: 0.22,
  search_share: 0.9,
};

/** Below this rate there is nothing left of a pulse's slope, Hz. */
export const SLOWEST_PULSE_HZ = 1.5;

export type PulseDetectorState = {
  readonly decision: BeatDecisionState;
  readonly filter: SosFilterState;
  readonly smooth: SosFilterState;
  readonly slopes: Float64Array;
  readonly smoothed: Float64Array;
  readonly stamps: Float64Array;
  readonly last: number;
  readonly pushed: number;
};

/**
 * Causal detector of systolic peaks, one channel of a pulse wave: of the peaks of the low-passed signal's slope, those that stand
 * out far enough on both sides are beats, as {@link BeatDecision} tells. (Elgendi et al. 2013, doi:10.1371/journal.pone.0076585,
 * compare averages of the squared signal, which lose the small pulses of early beats beside large ones; slopes, as Zong et al.
 * 2003, doi:10.1109/CIC.2003.1291140, take them, show such a pulse on the fall of the one before.) A beat's time is that of
 * the summit after its steepest place, less the delay of the low-pass through which it is looked for; it is known half a
 * second after it, during the first 3 s, and where it was looked for again, later.
 */
export class PulseDetector implements Stateful<PulseDetectorState> {
  readonly #decision: BeatDecision;
  readonly #filter: SosFilter;
  readonly #smooth: SosFilter;
  /** By how many samples the smoothed signal lags the slope. */
  readonly #lag: number;
  readonly #smoothDelay_s: number;
  /** Of the last samples: slope, smoothed signal, stamp. */
  readonly #slopes: Float64Array;
  readonly #smoothed: Float64Array;
  readonly #stamps: Float64Array;
  readonly #kept: number;
  readonly #alone: number;
  readonly #grow: number;
  readonly #fall: number;
  readonly #climb: number;
  /** How many samples after a peak it is looked at. */
  readonly #wait: number;
  #last = Number.NaN;
  #pushed = 0;

  /** `sfreq`, Hz: at least {@link SLOWEST_PULSE_HZ}. `emit` gets the time of each beat, s, in order. */
  constructor(sfreq: number, emit: (time: number) => void) {
    this.#decision = new BeatDecision(rules, emit);
    const below = (high_hz: number) =>
      designButterworth('lowpass', FILTER_ORDER, Math.min(high_hz, 0.45 * sfreq), sfreq);
    const steep = below(STEEP_HZ);
    const smooth = below(SMOOTH_HZ);
    this.#filter = new SosFilter(steep, 1);
    this.#smooth = new SosFilter(smooth, 1);
    this.#smoothDelay_s = groupDelay_s(smooth, MIDDLE_HZ, sfreq);
    // Half a sample less: a slope lies between two.
    const steepDelay_s = groupDelay_s(steep, MIDDLE_HZ, sfreq) + 0.5 / sfreq;
    this.#lag = Math.round((this.#smoothDelay_s - steepDelay_s) * sfreq);
    const samples = (span_s: number) => Math.max(1, Math.round(span_s * sfreq));
    this.#alone = samples(ALONE_S);
    this.#grow = samples(GROW_S);
    this.#fall = samples(FALL_S);
    this.#climb = samples(LONGEST_CLIMB_S);
    this.#wait = Math.max(this.#fall, this.#lag + this.#climb + 1);
    this.#kept = this.#grow + this.#wait + 2;
    this.#slopes = new Float64Array(this.#kept);
    this.#smoothed = new Float64Array(this.#kept);
    this.#stamps = new Float64Array(this.#kept);
  }

  /** Takes a sample: `x` finite, `time` in s. */
  push(x: number, time: number): void {
    const at = this.#pushed % this.#kept;
    const y = this.#filter.processOne(0, x);
    const slope = this.#pushed === 0 ? 0 : y - this.#last;
    this.#last = y;
    this.#slopes[at] = Math.abs(slope) > Math.max(LEAST, ROUNDING * Math.abs(x)) ? slope : 0;
    this.#smoothed[at] = this.#smooth.processOne(0, x);
    this.#stamps[at] = time;
    this.#pushed++;
    this.#decidePeak(this.#pushed - 1 - this.#wait);
  }

  /** Tells the beats that what comes next would have made certain, and forgets the past: at a gap, or at the end. */
  finish(): void {
    for (let place = Math.max(0, this.#pushed - this.#wait); place < this.#pushed; place++)
      this.#decidePeak(place);
    this.#decision.finish(null);
    this.#filter.restart(0);
    this.#smooth.restart(0);
    this.#pushed = 0;
  }

  snapshot(): PulseDetectorState {
    return {
      decision: this.#decision.snapshot(),
      filter: this.#filter.snapshot(),
      smooth: this.#smooth.snapshot(),
      slopes: this.#slopes.slice(),
      smoothed: this.#smoothed.slice(),
      stamps: this.#stamps.slice(),
      last: this.#last,
      pushed: this.#pushed,
    };
  }

  restore(state: PulseDetectorState): void {
    this.#decision.restore(state.decision);
    this.#filter.restore(state.filter);
    this.#smooth.restore(state.smooth);
    this.#slopes.set(state.slopes);
    this.#smoothed.set(state.smoothed);
    this.#stamps.set(state.stamps);
    this.#last = state.last;
    this.#pushed = state.pushed;
  }

  /** Looks whether there is a pulse at `place`; all of its neighbours are known that there will be. Places count samples from the start. */
  #decidePeak(place: number): void {
    const now = this.#stamps[(this.#pushed - 1) % this.#kept];
    const size = place >= 0 && this.#isPeak(place) ? this.#prominence(place) : 0;
    this.#decision.push(size > 0 ? { time: this.#summitAfter(place), size, around: 0 } : null, now);
  }

  #isPeak(place: number): boolean {
    const slope = this.#slopes[place % this.#kept];
    const [from, to] = this.#known(place - this.#alone, place + this.#alone + 1);
    for (let i = from; i < place; i++) if (this.#slopes[i % this.#kept] > slope) return false;
    for (let i = place + 1; i < to; i++) if (this.#slopes[i % this.#kept] >= slope) return false;
    return true;
  }

  /** By how much the slope grows to its peak or falls after it, whichever is less. */
  #prominence(place: number): number {
    const before = this.#least(place - this.#grow, place);
    const after = this.#least(place + 1, place + this.#fall + 1);
    return this.#slopes[place % this.#kept] - Math.max(before, after);
  }

  #least(from: number, to: number): number {
    const [first, end] = this.#known(from, to);
    let least = this.#slopes[first % this.#kept];
    for (let i = first + 1; i < end; i++) least = Math.min(least, this.#slopes[i % this.#kept]);
    return least;
  }

  /** Time of the first summit of the smoothed signal after `place`, s; between samples by a parabola. */
  #summitAfter(place: number): number {
    const kept = this.#kept;
    const [from, to] = this.#known(place + this.#lag, place + this.#lag + this.#climb + 1);
    for (let i = from + 1; i + 1 < to; i++) {
      const [a, b, c] = [-1, 0, 1].map((k) => this.#smoothed[(i + k) % kept]);
      if (!(b > a && b >= c)) continue;
      const step_s = this.#stamps[(i + 1) % kept] - this.#stamps[i % kept];
      return this.#stamps[i % kept] - this.#smoothDelay_s + ((0.5 * (a - c)) / (a - 2 * b + c)) * step_s;
    }
    return this.#stamps[from % kept] - this.#smoothDelay_s + CLIMB_S;
  }

  /** Of the places `from` to `to`, those that are kept; one at least. */
  #known(from: number, to: number): [from: number, to: number] {
    const first = Math.min(this.#pushed - 1, Math.max(0, this.#pushed - this.#kept, from));
    return [first, Math.max(first + 1, Math.min(this.#pushed, to))];
  }
}
