import type { Clock, Seconds, Timer } from '../../core/clock.js';
import { SleepMeter } from './sleep-meter.js';

/** How often it looks, and how late a look must be to say that we stood still, s. */
const LOOK_S: Seconds = 0.1;
const LATE_S: Seconds = 0.5;
/** A turn of the event loop in which nothing comes says that all which waited was taken, s; and so does so long a time. */
const TURN_S: Seconds = 0.001;
const LONGEST_S: Seconds = 5;

/**
 * Notices that we stood still ourselves, stopped or busy, or that the machine slept: what came meanwhile waits to be read, and
 * until it is, nobody was silent, and nothing is said of a sender's clock.
 */
export class StallWatch {
  readonly #clock: Clock;
  readonly #tell: (age_s: Seconds) => void;
  readonly #timer: Timer;
  #turn: Timer | null = null;
  readonly #listeners = new Set<() => void>();
  readonly #sleep: SleepMeter;
  #looked: Seconds;
  #slept_s: Seconds = 0;
  #missed_s: Seconds = 0;
  /** Since when we are catching up; null: we aren't. */
  #since: Seconds | null = null;
  #hasCome = false;

  /** `tell` is told of each stall how long it was, s. */
  constructor(clock: Clock, tell: (age_s: Seconds) => void) {
    this.#clock = clock;
    this.#tell = tell;
    this.#looked = clock.now();
    this.#sleep = new SleepMeter(clock);
    this.#timer = clock.every(LOOK_S, () => this.#look());
  }

  /** Whether something may wait that came while we stood still. */
  get isBehind(): boolean {
    this.#check();
    return this.#since !== null;
  }

  /** When what comes now arrives, s: time on our clock, and what the machine slept. */
  now(): Seconds {
    return this.#clock.now() + this.slept_s;
  }

  /** What the machine has slept, s. */
  get slept_s(): Seconds {
    this.#check();
    return this.#slept_s;
  }

  /** Time on our clock without what we missed of it, s. */
  attended(): Seconds {
    this.#check();
    return this.#clock.now() - this.#missed_s;
  }

  /** Something came from a sender. */
  came(): void {
    this.#hasCome = true;
  }

  /** Calls `listener` whenever we have caught up; the returned function ends that. */
  onCaughtUp(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  stop(): void {
    this.#timer.cancel();
    this.#turn?.cancel();
  }

  #look(): void {
    this.#sleep.look();
    this.#check();
    this.#looked = this.#clock.now();
  }

  #check(): void {
    const now = this.#clock.now();
    const slept_s = this.#sleep.slept_s - this.#slept_s;
    const late_s = now - this.#looked - LOOK_S;
    const missed_s = late_s > LATE_S ? late_s : 0;
    if (missed_s + slept_s === 0) return;
    this.#looked = now;
    this.#slept_s += slept_s;
    this.#missed_s += missed_s;
    this.#since = now;
    this.#hasCome = false;
    this.#tell(missed_s + slept_s);
    this.#turn?.cancel();
    this.#nextTurn();
  }

  #nextTurn(): void {
    this.#turn = this.#clock.after(TURN_S, () => this.#endTurn());
  }

  #endTurn(): void {
    if (this.#since === null) return;
    const isOver = !this.#hasCome || this.#clock.now() - this.#since >= LONGEST_S;
    this.#hasCome = false;
    if (!isOver) {
      this.#nextTurn();
      return;
    }
    this.#since = null;
    for (const listener of this.#listeners) listener();
  }
}
