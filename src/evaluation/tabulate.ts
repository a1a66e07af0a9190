import { conformalHalfWidth } from '../training/conformal.js';
import type { Example } from '../training/example.js';
import type { EvaluateConfig, PaperFigure } from './evaluate-config.js';
import {
  type Comparison,
  type CoverageRow,
  type Figure,
  figureOf,
  type ModelRow,
  type PaperRow,
  type SplitResult,
  type SweepPoint,
  type SweepTable,
  type Table,
} from './evaluation-result.js';
import type { EvaluationData, FoldOutcome } from './fold-task.js';
import { areaUnderRoc } from './metrics/area-under-roc.js';
import { mostLikely } from './metrics/class-probabilities.js';
import { clusterBootstrap } from './metrics/cluster-bootstrap.js';
import { intervalCoverage } from './metrics/interval-coverage.js';
import { type RiskCoverage, riskCoverage } from './metrics/risk-coverage.js';
import { spread } from './metrics/spread.js';
import type { Outputs } from './outputs.js';
import { pairedComparison } from './paired-comparison.js';
import {
  byTrial,
  type Level,
  leadingMetric,
  type MetricName,
  meanScores,
  metricNames,
  type Paired,
  paired,
  type Quantity,
  rowsOf,
  type Scores,
  scoresOf,
} from './scores.js';
import { groupBy } from './splits/group.js';
import type { Split, SplitSettings } from './splits/split.js';
import { unitOf } from './splits/unit.js';

/** All that one split brought. */
export interface SplitOutcomes {
  readonly settings: SplitSettings;
  readonly split: Split;
  /** [learners][seeds][folds] */
  readonly learners: readonly {
    readonly name: string;
    readonly outcomes: readonly (readonly FoldOutcome[])[];
  }[];
}

/** Predictions of one learner with one seed, folds put together. */
export interface Assembled {
  readonly examples: readonly Example[];
  readonly heads: Float32Array;
  readonly classes: Float32Array;
}

export function assemble(
  data: EvaluationData,
  split: Split,
  outcomes: readonly FoldOutcome[],
  outputsOf: (outcome: FoldOutcome) => Outputs,
): Assembled {
  const join = (of: (outputs: Outputs) => Float32Array): Float32Array =>
    Float32Array.from(outcomes.flatMap((outcome) => [...of(outputsOf(outcome))]));
  return {
    examples: split.folds.flatMap(({ test }) => test.map((i) => data.examples[i])),
    heads: join(({ heads }) => heads),
    classes: join(({ classes }) => classes),
  };
}

/** What a learner tells, in the report's order. */
export function quantitiesOf({ heads, classes }: Pick<FoldOutcome, 'heads' | 'classes'>): Quantity[] {
  return [...heads, ...(classes.length > 0 ? (['class'] as const) : [])];
}

/** One quantity's predictions beside their labels. */
export function seriesOf(
  assembled: Assembled,
  { heads, classes }: Pick<FoldOutcome, 'heads' | 'classes'>,
  quantity: Quantity,
  level: Level,
): Paired {
  const { examples } = assembled;
  const windows =
    quantity === 'class'
      ? paired(quantity, examples, assembled.classes, classes.length, 0)
      : paired(quantity, examples, assembled.heads, heads.length, heads.indexOf(quantity));
  return level === 'trial' ? byTrial(windows) : windows;
}

export type UnitKind = SplitResult['unit'];

/** Models that are made for single sessions are counted by session, all others by person. */
export function unitKind(settings: SplitSettings): UnitKind {
  return 'within' in settings && settings.within === 'session' ? 'session' : 'person';
}

function unitKey(kind: UnitKind): (example: Example) => string {
  return kind === 'session' ? unitOf.session : unitOf.subject;
}

/** Trials where every label holds for its whole trial, else windows. */
export function defaultLevels({ examples }: EvaluationData): Level[] {
  const labels = new Map<string, string>();
  for (const example of examples) {
    const [trial, label] = [unitOf.trial(example), JSON.stringify(example.label)];
    if ((labels.get(trial) ?? label) !== label) return ['window'];
    labels.set(trial, label);
  }
  return ['trial'];
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
interface Learnt {
  readonly model: string;
  readonly seeds: readonly UnitScores[];
  readonly pooled: readonly Scores[];
}

function learntOf(
  data: EvaluationData,
  { split, settings }: SplitOutcomes,
  { name, outcomes }: SplitOutcomes['learners'][number],
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
    seeds: bySeed.map(({ units }) => units),
    pooled: bySeed.map(({ pooled }) => pooled),
  };
}

/** Each unit's metric, mean over seeds. */
function unitMeans({ seeds }: Learnt, metric: MetricName): Map<string, number> {
  const units = [...seeds[0].keys()];
  return new Map(
    units.map((unit) => [unit, spread(seeds.map((scores) => scores.get(unit)?.[metric] ?? Number.NaN)).mean]),
  );
}

function seedMeans({ seeds }: Learnt, metric: MetricName): number[] {
  return seeds.map((scores) => spread([...scores.values()].map((own) => own[metric] ?? Number.NaN)).mean);
}

function rowOf(learnt: Learnt): ModelRow {
  const [first] = learnt.seeds[0].values();
  const known = metricNames.filter((metric) => first?.[metric] !== undefined);
  return {
    model: learnt.model,
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

function comparisonOf(
  all: readonly Learnt[],
  reference: string | null,
  metric: MetricName,
): Comparison | null {
  const compared = all.filter(({ model }) => model !== 'train-mean' || reference === 'train-mean');
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

/** Everything that a report says of one split. */
export function splitResult(
  data: EvaluationData,
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
    unit: unitKind(settings),
    tables,
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

function sweepTables(
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

/** Learners that look at signals. */
function reading({ learners }: SplitOutcomes): SplitOutcomes['learners'] {
  return learners.filter(({ outcomes: [[first]] }) => first.modalities.length > 0);
}

/** A learner's series for one quantity, predictions averaged over seeds, and how far seeds are apart. */
function averaged(
  data: EvaluationData,
  { split }: SplitOutcomes,
  { outcomes }: SplitOutcomes['learners'][number],
  quantity: Quantity,
  level: Level,
): Paired & { readonly disagreement: readonly number[] } {
  const [[first]] = outcomes;
  const all = outcomes.map((folds) =>
    seriesOf(
      assemble(data, split, folds, ({ outputs }) => outputs),
      first,
      quantity,
      level,
    ),
  );
  const [one] = all;
  return {
    ...one,
    predicted: one.predicted.map((row, i) =>
      Array.from(row, (_, c) => spread(all.map(({ predicted }) => predicted[i][c])).mean),
    ),
    disagreement: one.predicted.map((_, i) => spread(all.map(({ predicted }) => predicted[i][0])).sd),
  };
}

/**
 * Conformal intervals as a new person would get them: each unit's half width from the errors on all the others (none of
 * which trained on it either), by person; and what of its labels these intervals held.
 */
function coverageRows(
  data: EvaluationData,
  outcomes: SplitOutcomes,
  level: Level,
  interval: number,
): CoverageRow[] {
  return reading(outcomes).flatMap((learner) =>
    learner.outcomes[0][0].heads.flatMap((quantity): CoverageRow[] => {
      const series = averaged(data, outcomes, learner, quantity, level);
      const units = [
        ...groupBy([...series.label.keys()], (i) => unitOf.subject(series.examples[i])).values(),
      ];
      const errors = units.map((rows) => rows.map((i) => Math.abs(series.predicted[i][0] - series.label[i])));
      const held = units.flatMap((rows, u) => {
        const half = conformalHalfWidth(
          errors.filter((_, other) => other !== u),
          interval,
        );
        if (half === null) return [];
        return [
          intervalCoverage(
            rows.map((i) => series.predicted[i][0]),
            rows.map(() => half),
            rows.map((i) => series.label[i]),
          ),
        ];
      });
      if (held.length === 0) return [];
      return [
        {
          model: learner.name,
          quantity,
          level: interval,
          covered: spread(held.map(({ covered }) => covered)),
          width: spread(held.map(({ width }) => width)).mean,
        },
      ];
    }),
  );
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

/** A learner's class probabilities, averaged over seeds; null where it tells none. */
export function classSeries(
  data: EvaluationData,
  outcomes: SplitOutcomes,
  learner: SplitOutcomes['learners'][number],
  level: Level,
): Paired | null {
  if (learner.outcomes[0][0].classes.length === 0) return null;
  return averaged(data, outcomes, learner, 'class', level);
}

function aucIntervals(data: EvaluationData, outcomes: SplitOutcomes, level: Level): SplitResult['auc'] {
  return outcomes.learners.flatMap((learner) => {
    const series = classSeries(data, outcomes, learner, level);
    if (!series || learner.outcomes[0][0].classes.length !== 2) return [];
    const people = [...groupBy([...series.label.keys()], (i) => unitOf.subject(series.examples[i])).values()];
    const auc = (drawn: readonly number[][]): number =>
      areaUnderRoc(
        drawn.flat().map((i) => series.predicted[i][1]),
        drawn.flat().map((i) => series.label[i] === 1),
      );
    const interval = clusterBootstrap(people, auc, { resamples: 1000, level: 0.95, seed: 1 });
    return Number.isNaN(interval.estimate) ? [] : [{ model: learner.name, interval }];
  });
}

/** Published figures with ours beside them. */
export function paperRows(figures: readonly PaperFigure[], splits: readonly SplitResult[]): PaperRow[] {
  return figures.map(({ source, model, quantity, metric, value, sd, missing }) => ({
    source,
    model,
    quantity,
    metric,
    paper: value,
    paper_sd: sd ?? null,
    missing: missing ?? null,
    ours: splits.flatMap((split, s) => {
      if (missing !== undefined) {
        return split.sweeps
          .filter((t) => t.sweep === 'single' && t.quantity === quantity && t.metric === metric)
          .flatMap(({ level, models }) =>
            models
              .filter(({ name }) => name === model)
              .flatMap(({ points }) => points.filter(({ at }) => Math.abs(at - missing) < 1e-9))
              .map(({ spread: { mean, sd: own } }) => ({ split: s, level, mean, sd: own })),
          );
      }
      return split.tables
        .filter((table) => table.quantity === quantity)
        .flatMap(({ level, rows }) =>
          rows.flatMap((row) => {
            const own = row.model === model ? row.figures[metric] : undefined;
            return own ? [{ split: s, level, mean: own.mean, sd: own.sd }] : [];
          }),
        );
    }),
  }));
}
