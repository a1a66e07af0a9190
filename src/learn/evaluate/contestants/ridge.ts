import { ridge } from '../../fit/ridge.js';
import type { LinearProblem } from './linear-problem.js';
import { ridgeSettings } from './model-settings.js';

/** Linear regression of each dimension with a quadratic penalty: what logistic regression is for classes. */
export function ridgeProblem(settings: Readonly<Record<string, unknown>>): LinearProblem {
  const { heads, penalty } = ridgeSettings.parse(settings);
  return {
    heads,
    classes: [],
    penalty,
    solve(rows, examples, own) {
      const rated = heads.map((head) =>
        examples.flatMap(({ label }, i) => {
          const target = label.targets[head];
          return target === undefined ? [] : [{ row: rows[i], target }];
        }),
      );
      if (rated.some((of) => of.length === 0)) return null;
      return rated.map((of) =>
        ridge(
          of.map(({ row }) => row),
          of.map(({ target }) => target),
          own,
        ),
      );
    },
  };
}
