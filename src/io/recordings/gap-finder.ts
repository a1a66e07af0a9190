import type { Seconds } from '../../core/clock.js';
import { StepPattern } from '../../signal/timebase/step-pattern.js';

/** Stamps that run back by more are another clock's, s. */
const BACK_S: Seconds = 1;

/** Where samples are missing in a stream whose stamps are taken as they are: by the steps between them, as in live streams. */
export class GapFinder {
  readonly #pattern = new StepPattern();
  readonly #period_s: Seconds | null;
  #last: Seconds | null = null;

  /** `sfreq`: Hz; 0 = irregular: samples are missing only where the clock is another one. */
  constructor(sfreq: number) {
    this.#period_s = sfreq > 0 ? 1 / sfreq : null;
  }

  /** Whether samples are missing before the one at `time`, s, or its clock is another one. */
  isGap(time: Seconds): boolean {
    const last = this.#last;
    this.#last = time;
    if (last === null) return false;
    const step_s = time - last;
    if (step_s < -BACK_S) return true;
    if (this.#period_s === null) return false;
    const isGap = this.#pattern.isGap(step_s, this.#period_s);
    this.#pattern.push(step_s, this.#period_s);
    return isGap;
  }
}
