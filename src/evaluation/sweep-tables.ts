import type { SplitOutcomes } from './assemble.js';
import type { SweepPoint, SweepTable } from './evaluation-result.js';
import type { EvaluationData, FoldOutcome } from './fold-task.js';
import { type Learnt, learntOf, seedMeans, unitMeans } from './learnt.js';
import { spread } from './metrics/spread.js';
import type { Outputs } from './outputs.js';
import { pairedComparison } from './paired-comparison.js';
import { type Level, leadingMetric, type MetricName, type Quantity } from './scores.js';

/** Every sweep that was made, of one quantity. */
export function sweepTables(
  data: EvaluationData,
  outcomes: SplitOutcomes,
  quantity: Quantity | 'overall',
  level: Level,
  reference: string | null,
): SweepTable[] {
  const metric = leadingMetric(quantity);
  const point = (
    learner: SplitOutcomes['learners'][number],
    at: number,
    share: number | null,
    outputsOf: (outcome: FoldOutcome) => Outputs,
  ): SweepPoint[] => {
    const learnt = learntOf(data, outcomes, learner, quantity, level, outputsOf);
    return learnt ? [{ at, share, spread: spread(seedMeans(learnt, metric)) }] : [];
  };
  const swept = outcomes.learners.filter(({ outcomes: [[first]] }) => first.missing.length > 0);
  const missing = (['single', 'bursts'] as const).map(
    (sweep): SweepTable => ({
      sweep,
      modality: null,
      quantity,
      metric,
      level,
      lost: lostOf(
        swept.flatMap((learner) => {
          const places = learner.outcomes[0][0].missing.flatMap(({ condition }, i) =>
            condition.kind === sweep ? [i] : [],
          );
          const ends = [places[0], places[places.length - 1]].flatMap(
            (i) =>
              learntOf(data, outcomes, learner, quantity, level, ({ missing: all }) => all[i].outputs) ?? [],
          );
          return ends.length === 2 && places.length > 1 ? [{ model: learner.name, ends }] : [];
        }),
        reference,
        metric,
      ),
      models: swept.map((learner) => {
        const [[first]] = learner.outcomes;
        const places = first.missing.flatMap(({ condition }, i) => (condition.kind === sweep ? [i] : []));
        return {
          name: learner.name,
          points: places.flatMap((i) => {
            const shares = learner.outcomes.flat().map((outcome) => outcome.missing[i].condition.share);
            return point(
              learner,
              first.missing[i].condition.rate,
              spread(shares).mean,
              (outcome) => outcome.missing[i].outputs,
            );
          }),
        };
      }),
    }),
  );
  const shiftedLearners = outcomes.learners.filter(({ outcomes: [[first]] }) => first.asynchrony.length > 0);
  const modalities = [
    ...new Set(
      shiftedLearners.flatMap(({ outcomes: [[first]] }) =>
        first.asynchrony.map(({ condition }) => condition.modality),
      ),
    ),
  ];
  const asynchrony = modalities.map(
    (modality): SweepTable => ({
      sweep: 'asynchrony',
      modality,
      quantity,
      metric,
      level,
      lost: null,
      models: shiftedLearners.map((learner) => {
        const [[first]] = learner.outcomes;
        const places = first.asynchrony.flatMap(({ condition }, i) =>
          condition.modality === modality ? [i] : [],
        );
        return {
          name: learner.name,
          points: places.flatMap((i) =>
            point(
              learner,
              first.asynchrony[i].condition.shift_s,
              null,
              (outcome) => outcome.asynchrony[i].outputs,
            ),
          ),
        };
      }),
    }),
  );
  return [...missing, ...asynchrony].filter(({ models }) => models.some(({ points }) => points.length > 0));
}

/** What each model has less at the second of its `ends` than at the first, beside what the reference has. */
function lostOf(
  swept: readonly { readonly model: string; readonly ends: readonly Learnt[] }[],
  reference: string | null,
  metric: MetricName,
): SweepTable['lost'] {
  if (reference === null || swept.length < 2 || !swept.some(({ model }) => model === reference)) return null;
  return pairedComparison(
    swept.map(({ model, ends }) => {
      const [first, last] = ends.map((learnt) => unitMeans(learnt, metric));
      const lost = [...first].map(([unit, value]) => [unit, value - (last.get(unit) ?? Number.NaN)] as const);
      return { model, figures: new Map(lost) };
    }),
    reference,
  );
}
