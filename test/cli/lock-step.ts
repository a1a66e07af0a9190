import type { Seconds, VirtualClock } from '../../src/core/clock.js';

const STEP_S: Seconds = 0.02;
const TURNS_A_STEP = 4;

/** Time passes up to `to`, and with it what timers and sockets of this process do. */
export async function passUntil(clock: VirtualClock, to: Seconds): Promise<void> {
  while (clock.now() < to - 1e-9) {
    clock.advance(Math.min(STEP_S, to - clock.now()));
    for (let turn = 0; turn < TURNS_A_STEP; turn++) await new Promise((resolve) => setImmediate(resolve));
  }
}

/** Time passes until something has happened. */
export async function passTill(clock: VirtualClock, condition: () => boolean): Promise<void> {
  while (!condition()) await passUntil(clock, clock.now() + STEP_S);
}
