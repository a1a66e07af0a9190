import type { ModelFrame } from '../../core/model.js';

/** Share of modalities that `after` lacks of those that `before` had: one always staying, it is below the rate asked for. */
export function missingShare(before: readonly ModelFrame[], after: readonly ModelFrame[]): number {
  let [had, has] = [0, 0];
  for (const [i, frame] of before.entries())
    for (const [m, { present }] of frame.entries()) {
      if (!present) continue;
      had++;
      if (after[i][m].present) has++;
    }
  return had === 0 ? 0 : 1 - has / had;
}
