import type { Seconds } from '../../core/clock.js';
import { type RateChange, RateMeter } from '../../signal/timebase/rate-meter.js';
import { StepPattern } from '../../signal/timebase/step-pattern.js';

/** Stamps that run back by more are another clock's, s. */
const BACK_S: Seconds = 1;

/**
 * Where samples are missing in a stream whose stamps are taken as they are, and, for who asks, that its rate is another one: by the
 * steps between them, as in live streams.
 */
export class GapFinder {
  readonly #pattern = new StepPattern();
  readonly #rate: RateMeter;
  #isRateDue = false;
  #last: Seconds | null = null;

  /** `sfreq`: Hz; 0 = irregular: samples are missing only where the clock is another one. */
  constructor(sfreq: number) {
    this.#rate = new RateMeter(sfreq);
  }

  /** Whether samples are missing before the one at `time`, s, or its clock is another one. */
  isGap(time: Seconds): boolean {
    const last = this.#last;
    this.#last = time;
    if (last === null) return false;
    const step_s = time - last;
    if (step_s < -BACK_S) return true;
    const { period_s } = this.#rate;
    if (period_s === null) return false;
    const isGap = this.#pattern.isGap(step_s, period_s);
    this.#isRateDue = this.#pattern.push(step_s, period_s);
    return isGap;
  }

  /** Whether the stream's rate is so far off that its samples can't be used. */
  get isUnusable(): boolean {
    return this.#rate.isUnusable;
  }

  /** The rate from the next sample on, where the sample before showed that it is another one. Who doesn't ask stays with what was declared. */
  takeRateChange(): RateChange | null {
    if (!this.#isRateDue) return null;
    this.#isRateDue = false;
    return this.#rate.look(this.#pattern);
  }
}
