import { areaUnderRoc } from '../../metrics/area-under-roc.js';
import { spread } from '../../metrics/spread.js';
import { scoredClasses } from './scored-window.js';

/**
 * AUC of class scores: of two classes the second against the first; of more the mean of each against the rest, over those
 * that occur. NaN where only one class does.
 *
 * @param scores [n] one score for each of `scoredClasses`
 * @param label [n]
 */
export function classAuc(
  scores: readonly (readonly number[])[],
  label: readonly number[],
  classes: number,
): number {
  return spread(
    scoredClasses(classes).map((c, k) =>
      areaUnderRoc(
        scores.map((own) => own[k]),
        label.map((own) => own === c),
      ),
    ),
  ).mean;
}
