import { localAuc, localAucProblem } from '../../metrics/local-auc.js';
import { lowerBound } from '../../metrics/lower-bound.js';
import { spread } from '../../metrics/spread.js';
import { quantitiesOf, type SplitOutcomes } from '../assemble.js';
import type { RowGroup } from '../blind/contestants.js';
import type { WindowFacts } from '../blind/window-facts.js';
import type { EvaluationData } from '../fold-task.js';
import type { Quantity } from '../scores.js';
import { personAreas } from './local-areas.js';
import { scoredWindows } from './scored-window.js';
import { cccWithinTrials } from './within-trials.js';

/** What a row of a report knows of changes: local AUC of classes, CCC within trials of values. */
export interface LocalRow {
  readonly model: string;
  readonly group: RowGroup;
  readonly quantity: Quantity;
  readonly metric: 'local_auc' | 'ccc_within_trials';
  /** Local AUC of changes to a class, and of those away from it; null: there are none, or it is a CCC. */
  readonly rises: number | null;
  readonly falls: number | null;
  /** Null where it does not exist; then {@link reason} says why. */
  readonly figure: number | null;
  /** 2.5th percentile of the figure over draws of people. */
  readonly bound: number | null;
  readonly reason: string | null;
}

/** Local figures of every learner of a split. */
export function localRows(
  data: EvaluationData,
  facts: readonly WindowFacts[],
  { split, learners }: SplitOutcomes,
): LocalRow[] {
  const names = [...data.inputs.keys()];
  return learners.flatMap(({ name, group, outcomes }) => {
    const [[first]] = outcomes;
    return quantitiesOf(first).map((quantity): LocalRow => {
      const windows = scoredWindows(data, facts, split, outcomes, quantity, {
        modalities: group === 'model' ? first.modalities.map((own) => names.indexOf(own)) : null,
        outputsOf: ({ outputs }) => outputs,
      });
      const row = { model: name, group, quantity };
      if (quantity !== 'class') {
        const { estimate, bound } = lowerBound(cccWithinTrials(windows), (drawn) => spread(drawn).mean, 0);
        return {
          ...row,
          metric: 'ccc_within_trials',
          rises: null,
          falls: null,
          figure: finite(estimate),
          bound: finite(bound),
          reason: null,
        };
      }
      const areas = personAreas(windows, first.classes.length);
      const found = localAuc(areas);
      return {
        ...row,
        metric: 'local_auc',
        rises: finite(found.rises),
        falls: finite(found.falls),
        figure: finite(found.auc),
        bound: finite(lowerBound(areas, (drawn) => localAuc(drawn).auc, 0.5).bound),
        reason: localAucProblem(found),
      };
    });
  });
}

const finite = (value: number): number | null => (Number.isFinite(value) ? value : null);
