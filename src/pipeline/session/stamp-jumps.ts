import type { Seconds } from '../../core/clock.js';

/** Indices before which stamps jump ahead by more than `limit_s` against all before them, `before` the first; and by how much together, s. */
export function jumpsIn(
  times: Float64Array,
  before: Seconds,
  limit_s: Seconds,
): { readonly jumps: readonly number[]; readonly skipped_s: Seconds } {
  const jumps: number[] = [];
  let skipped_s = 0;
  let head = before;
  for (let i = 0; i < times.length; i++) {
    if (times[i] - head > limit_s) {
      jumps.push(i);
      skipped_s += times[i] - head;
    }
    if (times[i] > head || head === Number.NEGATIVE_INFINITY) head = times[i];
  }
  return { jumps, skipped_s };
}
