import { ridgeLogistic } from '../../fit/ridge-logistic.js';
import type { LinearProblem } from './linear-problem.js';
import { logisticSettings } from './model-settings.js';

/** Logistic regression with a quadratic penalty, by Newton's method: the papers' linear baseline. */
export function logisticProblem(settings: Readonly<Record<string, unknown>>): LinearProblem {
  const { classes, penalty } = logisticSettings.parse(settings);
  return {
    heads: [],
    classes,
    penalty,
    solve(rows, examples, own) {
      const labelled = examples.flatMap(({ label }, i) => (label.class === null ? [] : [i]));
      if (labelled.length === 0) return null;
      const { weights } = ridgeLogistic(
        labelled.map((i) => rows[i]),
        labelled.map((i) => examples[i].label.class!),
        classes.length,
        own,
      );
      return weights;
    },
  };
}
