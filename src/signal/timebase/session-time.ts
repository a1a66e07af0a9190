import type { Seconds } from '../../core/clock.js';
import type { Stateful } from '../../core/state.js';
import { ArrivalOffset, type ArrivalOffsetState } from './arrival-offset.js';

/** The clock of a session that no stream's stamps could give one: ours. */
export const ARRIVAL_CLOCK = 'arrival';

/** The clock of a session whose stamps are placed before they come. */
const PLACED_CLOCK = 'placed';

/** What the clock of a session is called once its own stopped while the machine slept. */
const LEFT_CLOCK = 'left';

/** Session stamps lie on a grid, s: a double tells them apart for centuries, and replay to the bit. */
const GRID_PER_S = 1e6;

export type SessionTimeState = {
  readonly clock: string | null;
  readonly zero: Seconds | null;
  readonly byArrival: ArrivalOffsetState;
  readonly measured_s: Seconds | null;
};

/** The nearest stamp on the grid of 1 us. */
export function onGrid(time: Seconds): Seconds {
  return Math.round(time * GRID_PER_S) / GRID_PER_S;
}

/**
 * The time of one session. The clock of the first stream whose stamps agree is its clock: stamps on it are taken as they are.
 * All others are brought onto our clock by their own arrivals or probes, and from there by one difference, which follows drift and
 * nothing else: no stream's steps move another.
 */
export class SessionTime implements Stateful<SessionTimeState> {
  #clock: string | null = null;
  #zero: Seconds | null = null;
  readonly #byArrival = new ArrivalOffset();
  #measured_s: Seconds | null = null;

  /** The name of the session's clock; null before it has one. */
  get clock(): string | null {
    return this.#clock;
  }

  /** The first stamp of which more than itself says that it is right; null before. */
  get zero(): Seconds | null {
    return this.#zero;
  }

  /** The clock named `clock` is the session's from here on, and `zero` its first stamp. Later calls change nothing. */
  begin(clock: string, zero: Seconds): void {
    if (this.#clock !== null) return;
    this.#clock = clock;
    this.#zero = zero;
  }

  /**
   * A session that another daemon began goes on: `zero` is a stamp of the clock named `clock`, which ours is ahead of by `offset_s` at
   * `now`, and is that clock no more if it was ours.
   */
  goOn(clock: string, zero: Seconds, now: Seconds, offset_s: Seconds): void {
    this.#clock = clock === ARRIVAL_CLOCK ? LEFT_CLOCK : clock;
    this.#zero = zero;
    this.#byArrival.begin(now, offset_s);
  }

  /** The session's clock is ours, from `zero` on. Changes nothing where it has one. */
  beginOurs(zero: Seconds): void {
    this.begin(ARRIVAL_CLOCK, zero);
  }

  /** The session's clock stood still while its time went on: none that comes is on it any more. */
  leave(): void {
    this.#clock = LEFT_CLOCK;
  }

  /** A sample of a stream on the session's clock arrived, unbroken. */
  observe(arrival: Seconds, stamp: Seconds): void {
    this.#byArrival.observe(arrival, stamp);
  }

  /**
   * Samples came of a source that places their stamps itself: such stamps are the session's clock, where no device's clock is. What
   * arrives at once tells where it lies on ours.
   */
  hear(arrival: Seconds, stamps: Float64Array): void {
    if (stamps.length === 0) return;
    this.begin(PLACED_CLOCK, stamps[0]);
    if (this.#clock === PLACED_CLOCK) this.observe(arrival, stamps[stamps.length - 1]);
  }

  /** Probes say that our clock is the session's and `offset_s`. */
  measure(offset_s: Seconds): void {
    this.#measured_s = offset_s;
  }

  /** Session time of a time on our clock. */
  at(ours: Seconds): Seconds {
    return ours - (this.#clock === ARRIVAL_CLOCK ? 0 : this.#offset_s);
  }

  /** Time on our clock of a session time. */
  ours(time: Seconds): Seconds {
    return time + (this.#clock === ARRIVAL_CLOCK ? 0 : this.#offset_s);
  }

  get #offset_s(): Seconds {
    return this.#measured_s ?? this.#byArrival.offset_s ?? 0;
  }

  snapshot(): SessionTimeState {
    return {
      clock: this.#clock,
      zero: this.#zero,
      byArrival: this.#byArrival.snapshot(),
      measured_s: this.#measured_s,
    };
  }

  restore({ clock, zero, byArrival, measured_s }: SessionTimeState): void {
    this.#clock = clock;
    this.#zero = zero;
    this.#byArrival.restore(byArrival);
    this.#measured_s = measured_s;
  }
}
