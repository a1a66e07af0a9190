import type { Seconds } from '../../core/clock.js';
import type { Stateful } from '../../core/state.js';
import { SlidingLeast, type SlidingLeastState } from './sliding-least.js';

/** Over this span the least (arrival - stamp) is looked for, s: some message of it came without waiting. */
const LEAST_OF_S: Seconds = 60;
/** An offset that is too great by more than this falls at once: a lesser arrival - stamp is proof. */
const FALLS_AT_S: Seconds = 0.1;
/** How fast it moves else, s/s: beyond any quartz, below what a window notices. */
const SLEW = 0.01;

export type ArrivalOffsetState = {
  readonly least: SlidingLeastState;
  readonly roundTrips: SlidingLeastState;
  readonly offset_s: Seconds | null;
  readonly at_s: Seconds;
};

/**
 * The difference between a sender's clock and ours, told by arrivals alone: the least (arrival - stamp) of the last 60 s, less
 * half the least round trip of pings where there are any.
 */
export class ArrivalOffset implements Stateful<ArrivalOffsetState> {
  readonly #least = new SlidingLeast(LEAST_OF_S);
  readonly #roundTrips = new SlidingLeast(LEAST_OF_S);
  #offset_s: Seconds | null = null;
  #at_s: Seconds = 0;

  /** What is to be added to a stamp, s; null before the first sample. */
  get offset_s(): Seconds | null {
    return this.#offset_s;
  }

  /** A ping's way there and back took `trip_s`. */
  roundTrip(at: Seconds, trip_s: Seconds): void {
    if (trip_s >= 0 && Number.isFinite(trip_s)) this.#roundTrips.push(at, trip_s);
  }

  /** Half the least round trip of the last 60 s; 0 without pings. */
  get travel_s(): Seconds {
    return Number.isFinite(this.#roundTrips.least) ? this.#roundTrips.least / 2 : 0;
  }

  /** Takes a sample and its arrival; gives by how much the offset fell at once, s. */
  observe(arrival: Seconds, stamp: Seconds): Seconds {
    let fallen_s = 0;
    this.#least.push(arrival, arrival - stamp);
    const target = this.#least.least - this.travel_s;
    if (this.#offset_s === null) this.#offset_s = target;
    else if (target < this.#offset_s - FALLS_AT_S) {
      fallen_s = this.#offset_s - target;
      this.#offset_s = target;
    } else {
      const most = SLEW * Math.max(0, arrival - this.#at_s);
      this.#offset_s += Math.min(most, Math.max(-most, target - this.#offset_s));
    }
    this.#at_s = Math.max(this.#at_s, arrival);
    return fallen_s;
  }

  /** Begins anew at `least_s`, the least (arrival - stamp) of a clock that is another one from here on. */
  begin(arrival: Seconds, least_s: Seconds): void {
    this.#least.clear();
    this.#least.push(arrival, least_s);
    this.#offset_s = least_s - this.travel_s;
    this.#at_s = arrival;
  }

  snapshot(): ArrivalOffsetState {
    return {
      least: this.#least.snapshot(),
      roundTrips: this.#roundTrips.snapshot(),
      offset_s: this.#offset_s,
      at_s: this.#at_s,
    };
  }

  restore({ least, roundTrips, offset_s, at_s }: ArrivalOffsetState): void {
    this.#least.restore(least);
    this.#roundTrips.restore(roundTrips);
    this.#offset_s = offset_s;
    this.#at_s = at_s;
  }
}
