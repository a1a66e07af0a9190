import type { Seconds } from '../../core/clock.js';

/**
 * Whether a stamp counts seconds since 1970 rather than since a device's or a computer's start: a machine would have
 * to be up for 31 years to reach it (unix stamps pushed into LSL are the field's most common clock mistake).
 */
export function isUnixStamp(stamp: Seconds): boolean {
  return stamp > 1e9;
}
