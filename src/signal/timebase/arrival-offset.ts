import type { Seconds } from '../../core/clock.js';
import type { Stateful } from '../../core/state.js';
import { SlidingLeast, type SlidingLeastState } from './sliding-least.js';

/** Over this span the least (arrival - stamp) is looked for, s: some message of it came without waiting. */
const LEAST_OF_S: Seconds = 60;
/** An offset that is too great by more than this falls at once: a lesser arrival - stamp is proof. */
const FALLS_AT_S: Seconds = 0.1;
/** How fast it moves else, s/s: beyond any quartz, below what a window notices. */
const SLEW = 0.01;
/**
 * A sample tells of no more than so much time before it, s: after a longer silence what a sender kept comes late, and says nothing of
 * its clock.
 */
const HEARD_S: Seconds = 2;
/** What a quartz may have drifted in time that nothing was heard of, s/s. */
const DRIFT = 1e-4;

export type ArrivalOffsetState = {
  readonly least: SlidingLeastState;
  readonly roundTrips: SlidingLeastState;
  readonly least_s: Seconds | null;
  readonly travel_s: Seconds;
  readonly at_s: Seconds;
  readonly heard_s: Seconds;
};

/**
 * The difference between a sender's clock and ours, told by arrivals alone: the least (arrival - stamp) of the last 60 s in which
 * samples came, less half the least round trip of pings where there are any.
 */
export class ArrivalOffset implements Stateful<ArrivalOffsetState> {
  readonly #least = new SlidingLeast(LEAST_OF_S);
  readonly #roundTrips = new SlidingLeast(LEAST_OF_S);
  /** The (arrival - stamp) that the offset goes by; null before the first sample. */
  #least_s: Seconds | null = null;
  /** What of it counts as the way. */
  #travel_s: Seconds = 0;
  #at_s: Seconds = 0;
  /** Time in which samples came. */
  #heard_s: Seconds = 0;

  /** What is to be added to a stamp, s; null before the first sample. */
  get offset_s(): Seconds | null {
    return this.#least_s === null ? null : this.#least_s - this.#travel_s;
  }

  /** A ping's way there and back took `trip_s`. */
  roundTrip(at: Seconds, trip_s: Seconds): void {
    if (trip_s >= 0 && Number.isFinite(trip_s)) this.#roundTrips.push(at, trip_s);
  }

  /** Half the least round trip of the last 60 s; 0 without pings. */
  get #measured_s(): Seconds {
    return Number.isFinite(this.#roundTrips.least) ? this.#roundTrips.least / 2 : 0;
  }

  /** Takes a sample and its arrival; gives by how much the offset fell at once, s. */
  observe(arrival: Seconds, stamp: Seconds): Seconds {
    const most = this.#listen(arrival);
    this.#least.push(this.#heard_s, arrival - stamp);
    const { least } = this.#least;
    if (this.#least_s === null) {
      this.#least_s = least;
      this.#travel_s = this.#measured_s;
      return 0;
    }
    // A long round trip proves nothing: the ping itself may have waited.
    const way_s = within(this.#measured_s - this.#travel_s, most);
    this.#travel_s += way_s;
    const fallen_s = this.#least_s - least;
    if (fallen_s > FALLS_AT_S) {
      this.#least_s = least;
      return fallen_s;
    }
    this.#least_s -= within(fallen_s, most - Math.abs(way_s));
    return 0;
  }

  /** Begins anew at `least_s`, the least (arrival - stamp) of a clock that is another one from here on. */
  begin(arrival: Seconds, least_s: Seconds): void {
    this.#least.clear();
    this.#least.push(this.#heard_s, least_s);
    this.#least_s = least_s;
    this.#at_s = arrival;
  }

  /** Goes on to a sample's arrival; gives by how much the offset may move for it, s. */
  #listen(arrival: Seconds): Seconds {
    const step_s = Math.max(0, arrival - this.#at_s);
    const heard_s = Math.min(step_s, HEARD_S);
    const drift_s = DRIFT * (step_s - heard_s);
    this.#at_s += step_s;
    this.#heard_s += heard_s;
    if (drift_s > 0) this.#least.raise(drift_s);
    return SLEW * heard_s + drift_s;
  }

  snapshot(): ArrivalOffsetState {
    return {
      least: this.#least.snapshot(),
      roundTrips: this.#roundTrips.snapshot(),
      least_s: this.#least_s,
      travel_s: this.#travel_s,
      at_s: this.#at_s,
      heard_s: this.#heard_s,
    };
  }

  restore({ least, roundTrips, least_s, travel_s, at_s, heard_s }: ArrivalOffsetState): void {
    this.#least.restore(least);
    this.#roundTrips.restore(roundTrips);
    this.#least_s = least_s;
    this.#travel_s = travel_s;
    this.#at_s = at_s;
    this.#heard_s = heard_s;
  }
}

const within = (step: Seconds, most: Seconds): Seconds => Math.min(most, Math.max(-most, step));
