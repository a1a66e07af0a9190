import type { Stateful } from '../../core/state.js';

export type MovingSumState = {
  readonly ring: Float64Array;
  readonly at: number;
  readonly sum: number;
  readonly anew: number;
};

/**
 * Sum of the last `length` values. Every `length` values the running sum is replaced by one that was summed anew, so
 * that rounding, and what a burst of garbage leaves behind, lasts for one length at most.
 */
export class MovingSum implements Stateful<MovingSumState> {
  readonly #ring: Float64Array;
  #at = 0;
  #sum = 0;
  #anew = 0;

  constructor(readonly length: number) {
    this.#ring = new Float64Array(length);
  }

  push(x: number): number {
    this.#sum += x - this.#ring[this.#at];
    this.#anew += x;
    this.#ring[this.#at] = x;
    if (++this.#at === this.length) {
      this.#at = 0;
      this.#sum = this.#anew;
      this.#anew = 0;
    }
    return this.#sum;
  }

  /** As if nothing but zeros had been pushed. */
  clear(): void {
    this.#ring.fill(0);
    this.#at = 0;
    this.#sum = 0;
    this.#anew = 0;
  }

  snapshot(): MovingSumState {
    return { ring: this.#ring.slice(), at: this.#at, sum: this.#sum, anew: this.#anew };
  }

  restore({ ring, at, sum, anew }: MovingSumState): void {
    this.#ring.set(ring);
    this.#at = at;
    this.#sum = sum;
    this.#anew = anew;
  }
}
