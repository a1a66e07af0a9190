import { uptime } from 'node:os';

/** Seconds on the session clock: monotonic, never wall-clock time. */
export type Seconds = number;

export interface Timer {
  cancel(): void;
}

/**
 * Where time comes from. The only place in the project that touches timers and the wall clock is
 * {@link SystemClock}; everything else gets a `Clock`, so that replay and tests run on {@link VirtualClock}.
 */
export interface Clock {
  /** Monotonic time, s. */
  now(): Seconds;
  /** Wall-clock time, s since 1970-01-01 UTC. */
  unix(): Seconds;
  /** How long the machine has been up, its sleep included, s; perhaps in whole seconds. */
  uptime(): Seconds;
  /** Calls `action` once, `delay_s` from now. */
  after(delay_s: Seconds, action: () => void): Timer;
  /** Calls `action` every `period_s` until cancelled. */
  every(period_s: Seconds, action: () => void): Timer;
}

/** The machine's clock. `now` counts from the machine's start, as the Lab Streaming Layer's clock does on every platform. */
export class SystemClock implements Clock {
  now(): Seconds {
    return Number(process.hrtime.bigint()) / 1e9;
  }
  unix(): Seconds {
    return Date.now() / 1000;
  }
  uptime(): Seconds {
    return uptime();
  }
  after(delay_s: Seconds, action: () => void): Timer {
    const timer = setTimeout(action, delay_s * 1000);
    return { cancel: () => clearTimeout(timer) };
  }
  every(period_s: Seconds, action: () => void): Timer {
    const timer = setInterval(action, period_s * 1000);
    return { cancel: () => clearInterval(timer) };
  }
}

interface Scheduled {
  due: Seconds;
  order: number;
  action: () => void;
  period_s: Seconds | null;
}

/** A clock that moves only when told to: {@link VirtualClock.advance}. */
export class VirtualClock implements Clock {
  #now: Seconds;
  #slept_s: Seconds = 0;
  #order = 0;
  readonly #scheduled = new Set<Scheduled>();

  constructor(
    start: Seconds = 0,
    readonly epoch_unix_s: Seconds = 0,
  ) {
    this.#now = start;
  }

  now(): Seconds {
    return this.#now;
  }

  unix(): Seconds {
    return this.epoch_unix_s + this.#now + this.#slept_s;
  }

  uptime(): Seconds {
    return this.#now + this.#slept_s;
  }

  /** Time passes in which nothing runs, as where a process is stopped: timers that fall due are late, those that repeat once. */
  stall(span_s: Seconds): void {
    this.#now += span_s;
  }

  /** The machine sleeps: only its uptime and wall-clock time go on. */
  sleep(span_s: Seconds): void {
    this.#slept_s += span_s;
  }

  after(delay_s: Seconds, action: () => void): Timer {
    return this.#schedule(delay_s, action, null);
  }

  every(period_s: Seconds, action: () => void): Timer {
    return this.#schedule(period_s, action, period_s);
  }

  /** Moves time on by `span_s`, running what falls due in order of time. */
  advance(span_s: Seconds): void {
    const end = this.#now + span_s;
    for (;;) {
      let next: Scheduled | undefined;
      for (const s of this.#scheduled) {
        if (s.due <= end && (!next || s.due < next.due || (s.due === next.due && s.order < next.order)))
          next = s;
      }
      if (!next) break;
      this.#now = Math.max(this.#now, next.due);
      if (next.period_s === null) this.#scheduled.delete(next);
      else next.due = Math.max(next.due, this.#now) + next.period_s;
      next.action();
    }
    this.#now = end;
  }

  #schedule(delay_s: Seconds, action: () => void, period_s: Seconds | null): Timer {
    const scheduled = { due: this.#now + delay_s, order: this.#order++, action, period_s };
    this.#scheduled.add(scheduled);
    return { cancel: () => this.#scheduled.delete(scheduled) };
  }
}
