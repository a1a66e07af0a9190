import { type IntervalCoverage, intervalCoverage } from './interval-coverage.js';

/** How far one label moves the level that is asked for. */
const STEP = 0.005;
/** Half width of an interval that holds the whole scale, -1..1, wherever its middle is. */
const WHOLE_SCALE = 2;

/**
 * What intervals held that learn from each label as it arrives (adaptive conformal inference: Gibbs & Candès 2021, arXiv
 * 2106.00170): after a label outside, a = a + STEP (a* - 1), after one inside a = a + STEP a*, a* being 1 - `level`, and
 * the next interval is that of level 1 - a. Whatever the person, what is held goes to `level` in the long run.
 *
 * @param predicted [n] in order of time
 * @param label [n] the label of each, known before the next is predicted
 * @param halfWidth of a level; null: nothing short of the whole scale holds as much
 */
export function adaptiveCoverage(
  predicted: ArrayLike<number>,
  label: ArrayLike<number>,
  halfWidth: (level: number) => number | null,
  level: number,
): IntervalCoverage {
  const allowed = 1 - level;
  let missed = allowed;
  const half = Float64Array.from(predicted, (value, i) => {
    // Above 1 the level asked for is 0: no interval at all.
    const own = missed >= 1 ? -1 : (halfWidth(1 - missed) ?? WHOLE_SCALE);
    const isOutside = Math.abs(value - label[i]) > own;
    missed += STEP * (allowed - Number(isOutside));
    return Math.max(0, own);
  });
  return intervalCoverage(predicted, half, label);
}
