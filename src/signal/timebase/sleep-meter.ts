import type { Clock, Seconds } from '../../core/clock.js';

/** The machine slept if its uptime gains so much on its monotonic clock, s. */
const SLEPT_S: Seconds = 1;
/** Uptime may take a file to read: it is looked at where the wall clock, which goes on in sleep, gained so much, s. */
const SUSPECT_S: Seconds = 0.5;

/** How long the machine has slept. */
export class SleepMeter {
  readonly #clock: Pick<Clock, 'now' | 'unix' | 'uptime'>;
  /** Furthest that uptime was ahead of the clock. */
  #ahead_s: Seconds;
  /** How far wall-clock time was ahead of it at the last look. */
  #unixAhead_s: Seconds;
  #slept_s: Seconds = 0;

  constructor(clock: Pick<Clock, 'now' | 'unix' | 'uptime'>) {
    this.#clock = clock;
    this.#ahead_s = clock.uptime() - clock.now();
    this.#unixAhead_s = clock.unix() - clock.now();
  }

  /** Since the meter was made, s. */
  get slept_s(): Seconds {
    const unixAhead_s = this.#clock.unix() - this.#clock.now();
    const isSuspected = Math.abs(unixAhead_s - this.#unixAhead_s) > SUSPECT_S;
    this.#unixAhead_s = unixAhead_s;
    if (isSuspected) this.look();
    return this.#slept_s;
  }

  /** Looks at uptime whatever the wall clock says, which may be stepped. */
  look(): void {
    const gained_s = this.#clock.uptime() - this.#clock.now() - this.#ahead_s;
    // Uptime may come in whole seconds: its lead wanders below one.
    this.#ahead_s += Math.max(0, gained_s);
    if (gained_s >= SLEPT_S) this.#slept_s += gained_s;
  }
}
