import type { Seconds } from '../../../core/clock.js';
import type { Chunk } from '../../../core/signal.js';
import type { Stateful } from '../../../core/state.js';

/**
 * What tells a sensor that somebody wears from one that nobody does. Noise without a body is stationary: it has neither
 * rhythms nor good and bad moments. A body has one or the other.
 */
export interface Signs extends Stateful {
  /** Sees every sample once, in order. */
  push(chunk: Chunk): void;
  /** At `time`: 1 where there are signs of a body, 0 where the signal can't be told from noise, NaN where nothing can be said. */
  verdict(time: Seconds): number;
}

/** Signal that a verdict needs at least, s: filters settle for 2 s, and a rhythm shows in 8. */
export const LEAST_S: Seconds = 12;

/** How long a moving or still body may give no sign, s. */
export const HOLD_S: Seconds = 30;

export type LastSignState = { readonly begin: Seconds | null; readonly seen: Seconds | null };

/** The last sign of a body, and since when there could have been one. Stamps may jump: what lies ahead was before the jump. */
export class LastSign implements Stateful<LastSignState> {
  #begin: Seconds | null = null;
  #seen: Seconds | null = null;

  /** A sample came at `time`, whatever it was. */
  began(time: Seconds): void {
    if (this.#begin === null || time < this.#begin) this.#begin = time;
  }

  seen(time: Seconds): void {
    this.#seen = time;
  }

  held(time: Seconds): boolean {
    return this.#seen !== null && Math.abs(time - this.#seen) <= HOLD_S;
  }

  verdict(time: Seconds): number {
    if (this.#begin === null || time - this.#begin < LEAST_S) return Number.NaN;
    return this.held(time) ? 1 : 0;
  }

  snapshot(): LastSignState {
    return { begin: this.#begin, seen: this.#seen };
  }

  restore({ begin, seen }: LastSignState): void {
    this.#begin = begin;
    this.#seen = seen;
  }
}
