import type { Example } from '../../examples/example.js';
import { presenceOf } from '../../examples/missing.js';

/** Share of modalities that `after` lacks of those that `before` had: one always staying, it is below the rate asked for. */
export function missingShare(before: readonly Example[], after: readonly Example[]): number {
  let [had, has] = [0, 0];
  for (const [i, example] of before.entries()) {
    const left = presenceOf(after[i]);
    for (const [m, present] of presenceOf(example).entries()) {
      if (!present) continue;
      had++;
      if (left[m]) has++;
    }
  }
  return had === 0 ? 0 : 1 - has / had;
}
