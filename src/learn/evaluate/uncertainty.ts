import { conformalHalfWidths } from '../fit/conformal.js';
import { adaptiveCoverage } from '../metrics/adaptive-coverage.js';
import { mostLikely } from '../metrics/class-probabilities.js';
import { clusterBootstrap } from '../metrics/cluster-bootstrap.js';
import { type IntervalCoverage, intervalCoverage } from '../metrics/interval-coverage.js';
import { pooledAuc } from '../metrics/pooled-auc.js';
import { type RiskCoverage, riskCoverage } from '../metrics/risk-coverage.js';
import { type Spread, spread } from '../metrics/spread.js';
import {
  averaged,
  classSeries,
  defaultLevels,
  quantitiesOf,
  reading,
  type SplitOutcomes,
} from './assemble.js';
import type { CoverageRow, SplitResult } from './evaluation-result.js';
import type { EvaluationData } from './fold-task.js';
import type { Level, Quantity } from './scores.js';
import { groupBy } from './splits/group.js';
import { unitOf } from './splits/unit.js';

/**
 * Conformal intervals as a new person would get them: each unit's half width from the errors on all the others (none of
 * which trained on it either), by person; and what of its labels these intervals held. Where labels change within trials
 * they arrive as the windows do: then also what intervals held that adapt to them.
 */
export function coverageRows(
  data: EvaluationData,
  outcomes: SplitOutcomes,
  level: Level,
  interval: number,
): CoverageRow[] {
  const order = new Map(data.examples.map((example, i) => [example, i]));
  const arrive = level === 'window' && defaultLevels(data)[0] === 'window';
  return reading(outcomes).flatMap((learner) =>
    learner.outcomes[0][0].heads.flatMap((quantity): CoverageRow[] => {
      const series = averaged(data, outcomes, learner, quantity, level);
      const units = [
        ...groupBy([...series.label.keys()], (i) => unitOf.subject(series.examples[i])).values(),
      ];
      const errors = units.map((rows) => rows.map((i) => Math.abs(series.predicted[i][0] - series.label[i])));
      const held = units.flatMap((rows, u) => {
        const halfWidth = conformalHalfWidths(errors.filter((_, other) => other !== u));
        const half = halfWidth(interval);
        if (half === null) return [];
        const inTime = [...rows].sort(
          (a, b) => order.get(series.examples[a])! - order.get(series.examples[b])!,
        );
        const predicted = inTime.map((i) => series.predicted[i][0]);
        const label = inTime.map((i) => series.label[i]);
        const fixed = intervalCoverage(
          predicted,
          rows.map(() => half),
          label,
        );
        return [{ fixed, adaptive: arrive ? adaptiveCoverage(predicted, label, halfWidth, interval) : null }];
      });
      if (held.length === 0) return [];
      const adaptive = held.flatMap((own) => own.adaptive ?? []);
      return [
        {
          model: learner.name,
          quantity,
          level: interval,
          ...summary(held.map(({ fixed }) => fixed)),
          adaptive: adaptive.length > 0 ? summary(adaptive) : null,
        },
      ];
    }),
  );
}

function summary(held: readonly IntervalCoverage[]): { covered: Spread; width: number } {
  return {
    covered: spread(held.map(({ covered }) => covered)),
    width: spread(held.map(({ width }) => width)).mean,
  };
}

/**
 * Mean loss of the surest predictions. Of classes: 1 less the highest probability against error; of dimensions how far
 * seeds are apart (which needs several) against absolute error.
 */
export function riskCurves(
  data: EvaluationData,
  outcomes: SplitOutcomes,
  level: Level,
): { readonly model: string; readonly quantity: Quantity; readonly curve: RiskCoverage }[] {
  return reading(outcomes).flatMap((learner) => {
    const told = quantitiesOf(learner.outcomes[0][0]);
    return told.flatMap((quantity) => {
      if (quantity !== 'class' && learner.outcomes.length < 2) return [];
      const { predicted, label, disagreement } = averaged(data, outcomes, learner, quantity, level);
      const curve =
        quantity === 'class'
          ? riskCoverage(
              predicted.map((row) => 1 - row[mostLikely(row)]),
              predicted.map((row, i) => Number(mostLikely(row) !== label[i])),
            )
          : riskCoverage(
              disagreement,
              predicted.map((row, i) => Math.abs(row[0] - label[i])),
            );
      return [{ model: learner.name, quantity, curve }];
    });
  });
}

/** Area under the curve of two classes, pooled, with its bootstrap interval over people. */
export function aucIntervals(
  data: EvaluationData,
  outcomes: SplitOutcomes,
  level: Level,
): SplitResult['auc'] {
  return outcomes.learners.flatMap((learner) => {
    const series = classSeries(data, outcomes, learner, level);
    if (!series || learner.outcomes[0][0].classes.length !== 2) return [];
    const people = [...groupBy([...series.label.keys()], (i) => unitOf.subject(series.examples[i])).values()];
    const area = pooledAuc(
      people.map((own) => ({
        scores: own.map((i) => series.predicted[i][1]),
        positive: own.map((i) => series.label[i] === 1),
      })),
    );
    const interval = clusterBootstrap([...people.keys()], area, { resamples: 1000, level: 0.95, seed: 1 });
    return Number.isNaN(interval.estimate) ? [] : [{ model: learner.name, interval }];
  });
}
