import { defaultLevels, quantitiesOf, type SplitOutcomes } from './assemble.js';
import type { WindowFacts } from './blind/window-facts.js';
import type { EvaluateConfig } from './evaluate-config.js';
import type { SplitResult, Table } from './evaluation-result.js';
import type { EvaluationData, FoldOutcome } from './fold-task.js';
import { comparisonOf, learntOf, rowOf, unitKind } from './learnt.js';
import { choicesOf } from './opportunities.js';
import { localRows } from './rule/local-rows.js';
import { leadingMetric, type Quantity } from './scores.js';
import { sweepTables } from './sweep-tables.js';
import { aucIntervals, coverageRows, riskCurves } from './uncertainty.js';

/** Everything that a report says of one split. */
export function splitResult(
  data: EvaluationData,
  facts: readonly WindowFacts[],
  outcomes: SplitOutcomes,
  config: EvaluateConfig,
  reference: string | null,
): SplitResult {
  const { split, settings, learners } = outcomes;
  const levels = config.levels ?? defaultLevels(data);
  const quantities = allQuantities(learners.map(({ outcomes: [[first]] }) => first));
  const tables = levels.flatMap((level) =>
    quantities.flatMap((quantity): Table[] => {
      const learnt = learners.flatMap((learner) => learntOf(data, outcomes, learner, quantity, level) ?? []);
      if (learnt.length === 0) return [];
      const comparison = comparisonOf(learnt, reference, leadingMetric(quantity));
      return [{ quantity, level, rows: learnt.map(rowOf), comparison }];
    }),
  );
  return {
    kind: split.kind,
    summary: split.summary,
    label: split.label,
    settings,
    folds: split.folds.length,
    choices: choicesOf(outcomes),
    unit: unitKind(settings),
    tables,
    local: localRows(data, facts, outcomes),
    sweeps: levels.flatMap((level) =>
      quantities.flatMap((q) => sweepTables(data, outcomes, q, level, reference)),
    ),
    coverage: coverageRows(data, outcomes, levels[0], config.interval_level),
    aurc: riskCurves(data, outcomes, levels[0]).map(({ model, quantity, curve }) => ({
      model,
      quantity,
      aurc: curve.aurc,
    })),
    auc: aucIntervals(data, outcomes, levels[0]),
  };
}

function allQuantities(told: readonly FoldOutcome[]): (Quantity | 'overall')[] {
  const all = new Set(told.flatMap(quantitiesOf));
  const dimensions = [...all].filter((quantity) => quantity !== 'class');
  return [...all, ...(dimensions.length > 1 ? (['overall'] as const) : [])];
}
