import type { SchedulerLike } from 'rxjs';
import type { Clock, Seconds, Timer } from '../core/clock.js';

/** Frames of a `TestScheduler`, which are its milliseconds. */
const FRAMES_PER_S = 1000;

/**
 * The time of an RxJS scheduler as a `Clock`, so that marbles reach timers and ticks: with a `TestScheduler`, `a 2s b` in a
 * diagram is two seconds of whatever was given this clock. A timer that repeats keeps virtual time running until it is
 * cancelled.
 */
export class SchedulerClock implements Clock {
  /** @param frames_per_s units of the scheduler's time in a second; default 1000 */
  constructor(
    readonly scheduler: SchedulerLike,
    readonly frames_per_s = FRAMES_PER_S,
  ) {}

  now(): Seconds {
    return this.scheduler.now() / this.frames_per_s;
  }

  unix(): Seconds {
    return this.now();
  }

  uptime(): Seconds {
    return this.now();
  }

  after(delay_s: Seconds, action: () => void): Timer {
    const scheduled = this.scheduler.schedule(action, delay_s * this.frames_per_s);
    return { cancel: () => scheduled.unsubscribe() };
  }

  every(period_s: Seconds, action: () => void): Timer {
    const again = (): void => {
      // Before the action, which may cancel it.
      timer = this.after(period_s, again);
      action();
    };
    let timer = this.after(period_s, again);
    return { cancel: () => timer.cancel() };
  }
}
