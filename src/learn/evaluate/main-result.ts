import { clusterBootstrap } from '../metrics/cluster-bootstrap.js';
import { meanOf, spread } from '../metrics/spread.js';
import type { SplitOutcomes } from './assemble.js';
import type { MainResult } from './evaluation-result.js';
import type { Condition, EvaluationData, FoldOutcome, MissingCondition } from './fold-task.js';
import { learntOf, unitKind, unitMeans } from './learnt.js';
import type { MainComparison } from './main-comparison.js';
import { pairedComparison } from './paired-comparison.js';

const INTERVAL = { resamples: 2000, level: 0.95, seed: 1 } as const;

/** Null where one of the two doesn't tell the quantity, or was not tested under absences. */
export function mainResult(
  data: EvaluationData,
  outcomes: SplitOutcomes,
  main: MainComparison,
): MainResult | null {
  const figures = [main.model, main.against].map((model) => {
    const found = figuresOf(data, outcomes, main, model);
    return found && { model, figures: found };
  });
  const [model, against] = figures;
  if (!model || !against) return null;
  const [row] = pairedComparison([model, against], main.against);
  const differences = [...model.figures].flatMap(([unit, value]) => {
    const difference = value - (against.figures.get(unit) ?? Number.NaN);
    return Number.isNaN(difference) ? [] : [difference];
  });
  const { low, high } = clusterBootstrap(differences, meanOf, INTERVAL);
  return {
    unit: unitKind(outcomes.settings),
    model: row.own,
    against: spread([...against.figures.values()]),
    difference: row.compared!.difference,
    interval: [low, high],
    pairs: row.compared!.pairs,
    wilcoxon: row.compared!.wilcoxon,
    t: row.compared!.t,
  };
}

/** A model's figure for each unit, mean over seeds. */
function figuresOf(
  data: EvaluationData,
  outcomes: SplitOutcomes,
  { quantity, metric, level, lost }: MainComparison,
  model: string,
): Map<string, number> | null {
  const learner = outcomes.learners.find(({ name }) => name === model)!;
  const measured = (
    of?: (outcome: FoldOutcome) => Condition<MissingCondition>,
  ): Map<string, number> | null => {
    const learnt = learntOf(data, outcomes, learner, quantity, level, of && ((own) => of(own).outputs));
    return learnt && unitMeans(learnt, metric);
  };
  if (!lost) return measured();
  const met = learner.outcomes[0][0].missing.flatMap(({ condition }, i) =>
    condition.kind === lost ? [i] : [],
  );
  const [first, last] = [met[0], met.at(-1)].map((i) =>
    i === undefined ? null : measured(({ missing }) => missing[i]),
  );
  if (!first || !last) return null;
  return new Map([...first].map(([unit, value]) => [unit, value - (last.get(unit) ?? Number.NaN)]));
}
