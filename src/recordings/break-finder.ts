import type { Seconds } from '../core/clock.js';

/** Stamps of a file are exact: more than half an interval beyond the expected one is a gap. */
export class BreakFinder {
  #last: Seconds | null = null;
  readonly #limit: Seconds;

  constructor(sfreq: number) {
    this.#limit = sfreq > 0 ? 1.5 / sfreq : Number.POSITIVE_INFINITY;
  }

  isGap(time: Seconds): boolean {
    const isGap = this.#last !== null && time - this.#last > this.#limit;
    this.#last = time;
    return isGap;
  }
}
