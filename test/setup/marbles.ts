import { type RunHelpers, TestScheduler } from 'rxjs/testing';
import { expect } from 'vitest';
import { SchedulerClock } from '../../src/testing/scheduler-clock.js';

/**
 * Runs a test in virtual time, which diagrams and the clock share.
 *
 * @param frames_per_s characters of a diagram in a second of the clock; default 1000, so that `2s` in one is two
 */
export function marbles(
  test: (helpers: RunHelpers, clock: SchedulerClock) => void,
  frames_per_s?: number,
): void {
  const scheduler = new TestScheduler((actual, expected) => expect(actual).toEqual(expected));
  scheduler.run((helpers) => test(helpers, new SchedulerClock(scheduler, frames_per_s)));
}
