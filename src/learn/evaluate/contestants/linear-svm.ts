import { linearSvm } from '../../fit/linear-svm.js';
import type { LinearProblem } from './linear-problem.js';
import { linearSvmSettings } from './model-settings.js';

/**
 * A linear support vector machine, one class against the rest, as scikit-learn's `LinearSVC`. It has no probabilities: what
 * it gives as such is the softmax of its decisions, whose greatest is its answer.
 */
export function linearSvmProblem(settings: Readonly<Record<string, unknown>>): LinearProblem {
  const { classes, c } = linearSvmSettings.parse(settings);
  return {
    heads: [],
    classes,
    penalty: 1 / c,
    decisions: true,
    solve(rows, examples, penalty) {
      const labelled = examples.flatMap(({ label }, i) => (label.class === null ? [] : [i]));
      if (labelled.length === 0) return null;
      const kept = labelled.map((i) => rows[i]);
      return classes.map((_, k) =>
        linearSvm(
          kept,
          labelled.map((i) => (examples[i].label.class === k ? 1 : -1)),
          1 / penalty,
        ),
      );
    },
  };
}
