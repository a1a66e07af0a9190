import { type Spread, spread } from '../metrics/spread.js';
import type { SplitOutcomes } from './assemble.js';
import type { SweepTable } from './evaluation-result.js';
import type { Condition, EvaluationData, FoldOutcome } from './fold-task.js';
import { type Learnt, learntOf, seedMeans, unitMeans } from './learnt.js';
import { pairedComparison } from './paired-comparison.js';
import { type Level, leadingMetric, type MetricName, type Quantity } from './scores.js';

/** One learner under the conditions of one sweep, in their order. */
interface Swept<C> {
  readonly name: string;
  readonly met: readonly {
    /** As the first seed's first fold met it. */
    readonly condition: C;
    /** As each fold of each seed met it. */
    readonly conditions: readonly C[];
    readonly learnt: Learnt;
  }[];
}

/** Every sweep that was made, of one quantity. */
export function sweepTables(
  data: EvaluationData,
  outcomes: SplitOutcomes,
  quantity: Quantity | 'overall',
  level: Level,
  reference: string | null,
): SweepTable[] {
  const metric = leadingMetric(quantity);
  const swept = <C>(
    conditionsOf: (outcome: FoldOutcome) => readonly Condition<C>[],
    isWanted: (condition: C) => boolean,
  ): Swept<C>[] =>
    outcomes.learners
      .filter(({ outcomes: [[first]] }) => conditionsOf(first).length > 0)
      .map((learner) => ({
        name: learner.name,
        met: conditionsOf(learner.outcomes[0][0]).flatMap(({ condition }, i) => {
          if (!isWanted(condition)) return [];
          const of = (outcome: FoldOutcome): Condition<C> => conditionsOf(outcome)[i];
          const learnt = learntOf(data, outcomes, learner, quantity, level, (own) => of(own).outputs);
          const conditions = learner.outcomes.flat().map((own) => of(own).condition);
          return learnt ? [{ condition, conditions, learnt }] : [];
        }),
      }));
  const figure = (learnt: Learnt): Spread => spread(seedMeans(learnt, metric));

  const absences = (['single', 'bursts'] as const).map((sweep): SweepTable => {
    const all = swept(
      ({ missing }) => missing,
      ({ kind }) => kind === sweep,
    );
    return {
      sweep,
      modality: null,
      quantity,
      metric,
      level,
      lost: lostOf(all, reference, metric),
      models: all.map(({ name, met }) => ({
        name,
        points: met.map(({ condition, conditions, learnt }) => ({
          at: condition.rate,
          share: spread(conditions.map(({ share }) => share)).mean,
          spread: figure(learnt),
        })),
      })),
    };
  });
  const shifted = outcomes.learners.flatMap(({ outcomes: [[first]] }) =>
    first.asynchrony.map(({ condition }) => condition.modality),
  );
  const shifts = [...new Set(shifted)].map(
    (modality): SweepTable => ({
      sweep: 'asynchrony',
      modality,
      quantity,
      metric,
      level,
      lost: null,
      models: swept(
        ({ asynchrony }) => asynchrony,
        (condition) => condition.modality === modality,
      ).map(({ name, met }) => ({
        name,
        points: met.map(({ condition, learnt }) => ({
          at: condition.shift_s,
          share: null,
          spread: figure(learnt),
        })),
      })),
    }),
  );
  return [...absences, ...shifts].filter(({ models }) => models.some(({ points }) => points.length > 0));
}

/** What each model has less under the last condition than under the first, beside what the reference has. */
function lostOf(
  swept: readonly Swept<unknown>[],
  reference: string | null,
  metric: MetricName,
): SweepTable['lost'] {
  const compared = swept.filter(({ met }) => met.length > 1);
  if (reference === null || compared.length < 2 || !compared.some(({ name }) => name === reference))
    return null;
  return pairedComparison(
    compared.map(({ name, met }) => {
      const [first, last] = [met[0], met[met.length - 1]].map(({ learnt }) => unitMeans(learnt, metric));
      const lost = [...first].map(([unit, value]) => [unit, value - (last.get(unit) ?? Number.NaN)] as const);
      return { model: name, figures: new Map(lost) };
    }),
    reference,
  );
}
