import type { Seconds } from '../../core/clock.js';

/** liblsl's smoothing half-time (`api_config`, `smoothing_halftime`), s. */
export const DEJITTER_HALF_TIME_S = 90;

/**
 * Causal jitter removal for regular streams: stamps are fitted as a line over the sample index by recursive least
 * squares that forgets with a half-time, as liblsl's `post_dejitter` does.
 *
 * liblsl updates a covariance matrix over the ever growing index, which loses digits over hours. Here the same
 * weighted sums are kept relative to the newest sample, and over the deviations from the nominal line: stamps
 * that are exact come out exact.
 */
export class Dejitter {
  readonly #interval: Seconds;
  readonly #forget: number;
  #origin = 0;
  #index = 0;
  // Sums over samples of weight w and age j: w, w j, w j j; w e, w j e with e the deviation from the nominal line.
  #s0 = 0;
  #s1 = 0;
  #s2 = 0;
  #e0 = 0;
  #e1 = 0;

  /** `sfreq`: nominal rate, Hz, above 0. */
  constructor(sfreq: number, halfTime_s: Seconds = DEJITTER_HALF_TIME_S) {
    this.#interval = 1 / sfreq;
    this.#forget = Math.exp(-Math.LN2 / (sfreq * halfTime_s));
  }

  /** Forgets everything: the next stamp starts a new line. */
  restart(): void {
    this.#index = 0;
    this.#s0 = this.#s1 = this.#s2 = this.#e0 = this.#e1 = 0;
  }

  /** The fitted stamp of the next sample, measured at `stamp`. */
  next(stamp: Seconds): Seconds {
    if (this.#index === 0) this.#origin = stamp;
    const nominal = this.#origin + this.#index * this.#interval;
    const deviation = stamp - nominal;
    const l = this.#forget;
    this.#s2 = l * (this.#s2 + 2 * this.#s1 + this.#s0);
    this.#s1 = l * (this.#s1 + this.#s0);
    this.#s0 = l * this.#s0 + 1;
    this.#e1 = l * (this.#e1 + this.#e0);
    this.#e0 = l * this.#e0 + deviation;
    this.#index++;
    const determinant = this.#s0 * this.#s2 - this.#s1 * this.#s1;
    // One sample alone fixes no line: it is taken as it is.
    if (this.#index === 1) return stamp;
    return nominal + (this.#s2 * this.#e0 - this.#s1 * this.#e1) / determinant;
  }
}
