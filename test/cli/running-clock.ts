import { SystemClock, VirtualClock } from '../../src/core/clock.js';

const PACE_S = 0.001;
const STEP_S = 0.004;

/**
 * A clock that this process turns itself, some three times as fast as the world's. What a busy machine holds up, it holds up
 * too: nothing can be late by it that isn't late by its own doing.
 */
export function runningClock(): { readonly clock: VirtualClock; readonly stop: () => void } {
  const clock = new VirtualClock(5000, 1_700_000_000);
  const turning = new SystemClock().every(PACE_S, () => clock.advance(STEP_S));
  return { clock, stop: () => turning.cancel() };
}
