import type { Stateful } from '../../core/state.js';
import { designButterworth, SosFilter, type SosFilterState } from '../dsp/sos-filter.js';

/** A skin conductance response. */
export interface SkinConductanceResponse {
  /** Session time at which the rise begins, s. */
  readonly onset: number;
  /** Session time of the peak, s. */
  readonly peak: number;
  /** From onset to peak, uS. */
  readonly amplitude_us: number;
}

/** Responses rise within 1 to 3 s: what is quicker is noise. */
const LOW_PASS_HZ = 1.5;
const FILTER_ORDER = 2;
/** Delay of slow changes through that filter: sqrt(2) / (2 pi f), s. */
const DELAY_S = Math.SQRT2 / (2 * Math.PI * LOW_PASS_HZ);
/** A level that drifts up is slower than this, uS/s. */
const LEAST_SLOPE_US = 0.01;
/** A peak is known once the signal has fallen from it by this share of the rise, and by this much, uS. */
const FALL_SHARE = 0.05;
const LEAST_FALL_US = 0.003;
/** No response rises longer, s. */
const LONGEST_RISE_S = 6;

export type ScrDetectorState = {
  readonly filter: SosFilterState | null;
  readonly last: number;
  readonly lastTime: number;
  readonly onset: number;
  readonly onsetTime: number;
  readonly peak: number;
  readonly peakTime: number;
  readonly rising: boolean;
};

/**
 * Causal detector of skin conductance responses, one channel, by onset and peak (Boucsein 2012, 2.3): the onset is where
 * the low-passed signal begins to rise faster than a level drifts, and what has risen from there by `least_us` before it
 * falls again is a response. Responses that begin on another's rise count as one. A response is known when the fall shows.
 */
export class ScrDetector implements Stateful<ScrDetectorState> {
  readonly #filter: SosFilter | null;
  #last = Number.NaN;
  #lastTime = Number.NaN;
  #onset = Number.NaN;
  #onsetTime = Number.NaN;
  #peak = Number.NaN;
  #peakTime = Number.NaN;
  #rising = false;

  constructor(
    readonly least_us: number,
    sfreq: number,
  ) {
    const passes = LOW_PASS_HZ < 0.45 * sfreq;
    this.#filter = passes
      ? new SosFilter(designButterworth('lowpass', FILTER_ORDER, LOW_PASS_HZ, sfreq), 1)
      : null;
  }

  /** The next sample is taken as the first. */
  restart(): void {
    this.#filter?.restart(0);
    this.#last = Number.NaN;
    this.#rising = false;
  }

  /** `x`: uS, finite; `time`: s. The response that this sample makes known, or null. */
  push(x: number, time: number): SkinConductanceResponse | null {
    const y = this.#filter ? this.#filter.processOne(0, x) : x;
    const slope = (y - this.#last) / (time - this.#lastTime);
    const fresh = Number.isNaN(this.#last);
    this.#last = y;
    this.#lastTime = time;
    const found = !fresh && this.#rising ? this.#follow(y, time) : null;
    if (fresh || (!this.#rising && !(slope >= LEAST_SLOPE_US))) {
      this.#onset = y;
      this.#onsetTime = time;
    } else if (!this.#rising && y - this.#onset >= this.least_us) {
      this.#rising = true;
      this.#peak = y;
      this.#peakTime = time;
    }
    return found;
  }

  snapshot(): ScrDetectorState {
    return {
      filter: this.#filter?.snapshot() ?? null,
      last: this.#last,
      lastTime: this.#lastTime,
      onset: this.#onset,
      onsetTime: this.#onsetTime,
      peak: this.#peak,
      peakTime: this.#peakTime,
      rising: this.#rising,
    };
  }

  restore(state: ScrDetectorState): void {
    if (state.filter) this.#filter?.restore(state.filter);
    this.#last = state.last;
    this.#lastTime = state.lastTime;
    this.#onset = state.onset;
    this.#onsetTime = state.onsetTime;
    this.#peak = state.peak;
    this.#peakTime = state.peakTime;
    this.#rising = state.rising;
  }

  #follow(y: number, time: number): SkinConductanceResponse | null {
    if (y > this.#peak) {
      this.#peak = y;
      this.#peakTime = time;
    }
    const rise = this.#peak - this.#onset;
    const fallen = this.#peak - y >= Math.max(LEAST_FALL_US, FALL_SHARE * rise);
    const tooLong = time - this.#onsetTime > LONGEST_RISE_S;
    if (!fallen && !tooLong) return null;
    this.#rising = false;
    this.#onset = y;
    const delay_s = this.#filter ? DELAY_S : 0;
    const [onset, peak] = [this.#onsetTime - delay_s, this.#peakTime - delay_s];
    this.#onsetTime = time;
    return fallen ? { onset, peak, amplitude_us: rise } : null;
  }
}
