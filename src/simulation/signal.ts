import type { Seconds } from '../core/clock.js';
import type { StreamInfo } from '../core/signal.js';
import type { Affect } from './affect-trajectory.js';
import type { Person } from './person.js';

/** Whose signals are made, and what moves them. Signals draw from generators of their own, named after `seed`. */
export interface Subject {
  readonly seed: number | string;
  readonly person: Person;
  readonly affect: Affect;
}

/** One simulated sensor. Time starts at 0 and each call moves on by one second. */
export interface Signal {
  readonly info: StreamInfo;
  /** The next second: channel-major [C, sfreq]; NaN where the sensor sees nothing. Valid until the next call. */
  next(): Float64Array;
}

/** Slow influences (affect, wander) are evaluated this often. */
export const CONTROL_HZ = 20;
export const CONTROL_S: Seconds = 1 / CONTROL_HZ;

/** Which control step of its second sample `k` of `sfreq` lies in. */
export function controlStep(k: number, sfreq: number): number {
  return Math.floor((k * CONTROL_HZ) / sfreq);
}
