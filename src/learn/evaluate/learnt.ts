import type { Example } from '../examples/example.js';
import { spread } from '../metrics/spread.js';
import { assemble, quantitiesOf, type SplitOutcomes, seriesOf } from './assemble.js';
import type { RowGroup } from './blind/contestants.js';
import {
  type Comparison,
  type Figure,
  figureOf,
  type ModelRow,
  type SplitResult,
} from './evaluation-result.js';
import type { EvaluationData, FoldOutcome } from './fold-task.js';
import type { Outputs } from './outputs.js';
import { pairedComparison } from './paired-comparison.js';
import {
  type Level,
  type MetricName,
  meanScores,
  metricNames,
  type Paired,
  type Quantity,
  rowsOf,
  type Scores,
  scoresOf,
} from './scores.js';
import type { SplitSettings } from './splits/split.js';
import { unitOf } from './splits/unit.js';

export type UnitKind = SplitResult['unit'];

/** Models that are made for single sessions are counted by session, all others by person. */
export function unitKind(settings: SplitSettings): UnitKind {
  return 'within' in settings && settings.within === 'session' ? 'session' : 'person';
}

function unitKey(kind: UnitKind): (example: Example) => string {
  return kind === 'session' ? unitOf.session : unitOf.subject;
}

/** Scores of each unit. */
type UnitScores = ReadonlyMap<string, Scores>;

function unitScores(series: Paired, kind: UnitKind, classes: number): UnitScores {
  const key = unitKey(kind);
  const units = [...new Set(series.examples.map(key))];
  return new Map(
    units.map((unit) => [
      unit,
      scoresOf(
        rowsOf(series, (example) => key(example) === unit),
        classes,
      ),
    ]),
  );
}

/** `overall` of several dimensions' units. */
function meanUnits(all: readonly UnitScores[]): UnitScores {
  const units = [...all[0].keys()].filter((unit) => all.every((scores) => scores.has(unit)));
  return new Map(units.map((unit) => [unit, meanScores(all.map((scores) => scores.get(unit)!))]));
}

/** One learner's units for one quantity: one map a seed. */
export interface Learnt {
  readonly model: string;
  readonly group: RowGroup;
  readonly seeds: readonly UnitScores[];
  readonly pooled: readonly Scores[];
}

/** A learner's units for one quantity, or for the mean of all dimensions; null where it doesn't tell it. */
export function learntOf(
  data: EvaluationData,
  { split, settings }: SplitOutcomes,
  { name, group, outcomes }: SplitOutcomes['learners'][number],
  quantity: Quantity | 'overall',
  level: Level,
  outputsOf: (outcome: FoldOutcome) => Outputs = ({ outputs }) => outputs,
): Learnt | null {
  const [[first]] = outcomes;
  const told = quantitiesOf(first);
  const wanted =
    quantity === 'overall' ? told.filter((own) => own !== 'class') : told.filter((own) => own === quantity);
  if (wanted.length === 0 || (quantity === 'overall' && wanted.length < 2)) return null;
  const kind = unitKind(settings);
  const bySeed = outcomes.map((folds) => {
    const assembled = assemble(data, split, folds, outputsOf);
    const all = wanted.map((own) => seriesOf(assembled, first, own, level));
    return {
      units: meanUnits(all.map((series) => unitScores(series, kind, first.classes.length))),
      pooled: meanScores(all.map((series) => scoresOf(series, first.classes.length))),
    };
  });
  return {
    model: name,
    group,
    seeds: bySeed.map(({ units }) => units),
    pooled: bySeed.map(({ pooled }) => pooled),
  };
}

/** Each unit's metric, mean over seeds. */
export function unitMeans({ seeds }: Learnt, metric: MetricName): Map<string, number> {
  const units = [...seeds[0].keys()];
  return new Map(
    units.map((unit) => [unit, spread(seeds.map((scores) => scores.get(unit)?.[metric] ?? Number.NaN)).mean]),
  );
}

/** Each seed's metric, mean over units. */
export function seedMeans({ seeds }: Learnt, metric: MetricName): number[] {
  return seeds.map((scores) => spread([...scores.values()].map((own) => own[metric] ?? Number.NaN)).mean);
}

/** A learner's row in a table. */
export function rowOf(learnt: Learnt): ModelRow {
  const [first] = learnt.seeds[0].values();
  const known = metricNames.filter((metric) => first?.[metric] !== undefined);
  return {
    model: learnt.model,
    group: learnt.group,
    figures: Object.fromEntries(
      known.map((metric): [MetricName, Figure] => [
        metric,
        figureOf([...unitMeans(learnt, metric).values()], seedMeans(learnt, metric)),
      ]),
    ),
    pooled: Object.fromEntries(
      known.map((metric) => [metric, spread(learnt.pooled.map((scores) => scores[metric]!)).mean]),
    ),
  };
}

/** How models compare with the one called `reference`, over units and over seeds; null where there is nothing to compare. */
export function comparisonOf(
  all: readonly Learnt[],
  reference: string | null,
  metric: MetricName,
): Comparison | null {
  const compared = all.filter(({ group }) => group === 'model');
  if (reference === null || compared.length < 2 || !compared.some(({ model }) => model === reference))
    return null;
  const [{ seeds }] = compared;
  return {
    metric,
    units: pairedComparison(
      compared.map((learnt) => ({ model: learnt.model, figures: unitMeans(learnt, metric) })),
      reference,
    ),
    seeds:
      seeds.length < 2
        ? null
        : pairedComparison(
            compared.map((learnt) => ({
              model: learnt.model,
              figures: new Map(seedMeans(learnt, metric).map((value, s) => [`seed ${s}`, value])),
            })),
            reference,
          ),
  };
}
