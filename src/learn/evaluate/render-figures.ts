import { labelGroup } from '../fit/group-weights.js';
import { reliabilityBins } from '../metrics/class-probabilities.js';
import { spread } from '../metrics/spread.js';
import { assemble, classSeries, type SplitOutcomes } from './assemble.js';
import type { EvaluationResult } from './evaluation-result.js';
import { confusionMatrix } from './figures/confusion-matrix.js';
import { cosineCurves, mutualInformationCurves } from './figures/information-curves.js';
import { lossCurves } from './figures/loss-curves.js';
import { reliabilityDiagram } from './figures/reliability-diagram.js';
import { riskCoverageCurves } from './figures/risk-coverage-curves.js';
import { missingRateCurves, sweepCurves } from './figures/sweep-curves.js';
import { trajectories } from './figures/trajectories.js';
import { attentionMap, routingMap } from './figures/weight-map.js';
import type { EvaluationData, FoldOutcome } from './fold-task.js';
import type { ReportFigure } from './render-report.js';
import { confusionOf, type Level } from './scores.js';
import { groupBy } from './splits/group.js';
import { unitOf } from './splits/unit.js';
import { riskCurves } from './uncertainty.js';

export interface DrawnFigure extends ReportFigure {
  readonly svg: string;
}

/** Trials whose course is drawn, of each model and dimension. */
const TRAJECTORIES = 2;

const fileName = (...parts: readonly string[]): string =>
  `${parts
    .join('-')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '')}.svg`;

/** Every figure of an evaluation, in the report's order. */
export function drawFigures(
  data: EvaluationData,
  all: readonly SplitOutcomes[],
  result: EvaluationResult,
): DrawnFigure[] {
  return all.flatMap((outcomes, split) => {
    const { label } = outcomes.split;
    const level = result.splits[split].tables[0]?.level ?? 'window';
    const drawn = (name: readonly string[], caption: string, svg: string): DrawnFigure => ({
      file: fileName(`${split + 1}`, outcomes.split.kind, ...name),
      caption,
      split,
      svg,
    });
    return [
      ...sweepFigures(result, split, label, drawn),
      ...outcomes.learners.flatMap((learner) => learnerFigures(data, outcomes, learner, level, drawn)),
      ...uncertaintyFigures(data, outcomes, level, drawn),
    ];
  });
}

type Draw = (name: readonly string[], caption: string, svg: string) => DrawnFigure;

function sweepFigures(
  result: EvaluationResult,
  split: number,
  label: string | null,
  drawn: Draw,
): DrawnFigure[] {
  return result.splits[split].sweeps.map(({ sweep, modality, quantity, metric, level, models }) => {
    const y = `${metric.toUpperCase()} of ${quantity}, by ${level}`;
    if (sweep === 'asynchrony') {
      const title = `${modality} out of step`;
      const svg = sweepCurves(title, { label: 'shift (s)' }, { label: y }, models, label);
      return drawn(['shift', modality!, quantity, level], `${title}: ${y}`, svg);
    }
    const title = sweep === 'single' ? 'Modalities missing' : 'Modalities missing in bursts';
    return drawn(
      ['missing', sweep, quantity, level],
      `${title}: ${y}`,
      missingRateCurves(title, y, models, label),
    );
  });
}

function learnerFigures(
  data: EvaluationData,
  outcomes: SplitOutcomes,
  learner: SplitOutcomes['learners'][number],
  level: Level,
  drawn: Draw,
): DrawnFigure[] {
  const { name, outcomes: bySeed } = learner;
  const [folds] = bySeed;
  const [first] = folds;
  const { label, folds: splitFolds } = outcomes.split;
  const found: DrawnFigure[] = [];
  if (first.history.length > 0) {
    const where = `${splitFolds[0].name}, first seed`;
    const loss = [{ name: 'training', loss: first.history.map(({ loss }) => loss) }];
    found.push(
      drawn([name, 'loss'], `Loss of ${name}, ${where}`, lossCurves(`Loss of ${name}`, loss, label)),
    );
    found.push(...informationFigures(name, first, label, drawn));
  }
  const rows = weightRows(data, outcomes, folds);
  if (first.modalities.length > 1 && first.outputs.modalities.length > 0)
    found.push(
      drawn(
        [name, 'attention'],
        `Weight that ${name} gives each modality`,
        attentionMap({
          title: `Modality weights of ${name}`,
          rowLabel: rows.label,
          rows: rows.names,
          columns: first.modalities,
          weights: rows.spreads(({ modalities }) => modalities, first.modalities.length),
          label,
        }),
      ),
    );
  const experts = first.outputs.routing.length / Math.max(1, splitFolds[0].test.length);
  if (experts > 1)
    found.push(
      drawn(
        [name, 'routing'],
        `Weight that ${name} gives each emotion expert, first fold`,
        routingMap({
          title: `Routing weights of ${name}`,
          rowLabel: rows.label,
          rows: rows.names,
          columns: Array.from({ length: experts }, (_, l) => String(l + 1)),
          // Which expert is which differs from fold to fold: one model's alone can be shown.
          weights: rows.spreads(({ routing }) => routing, experts, 1),
          label,
        }),
      ),
    );
  if (first.modalities.length > 0 && first.heads.length > 0)
    found.push(...trajectoryFigures(data, outcomes, learner, drawn));
  const classes = first.modalities.length > 0 ? classSeries(data, outcomes, learner, level) : null;
  if (classes) {
    const counts = confusionOf(classes, first.classes.length);
    const svg = confusionMatrix(`Classes of ${name}, by ${level}`, first.classes, counts, label);
    found.push(drawn([name, 'confusion'], `Labelled and predicted classes of ${name}, by ${level}`, svg));
  }
  return found;
}

function informationFigures(
  name: string,
  { history }: FoldOutcome,
  label: string | null,
  drawn: Draw,
): DrawnFigure[] {
  const course = (term: string, sign: number) => ({
    name,
    train: history.map(({ terms }) => sign * (terms[term] ?? Number.NaN)),
    test: history.map(({ watched }) => sign * (watched?.[term] ?? Number.NaN)),
  });
  const has = (term: string): boolean => history.some(({ terms }) => terms[term] !== undefined);
  return [
    // The loss is minus the information.
    ...(has('mutual_information')
      ? [
          drawn(
            [name, 'mutual-information'],
            `Mutual information between inputs and embeddings of ${name}, sum over modalities`,
            mutualInformationCurves([course('mutual_information', -1)], label),
          ),
        ]
      : []),
    ...(has('cosine')
      ? [
          drawn(
            [name, 'cosine'],
            `Cosine loss between the modalities' embeddings of ${name}`,
            cosineCurves([course('cosine', 1)], label),
          ),
        ]
      : []),
  ];
}

/** Test windows in groups, by class or by the signs of valence and arousal, and their weights. */
function weightRows(data: EvaluationData, { split }: SplitOutcomes, folds: readonly FoldOutcome[]) {
  const all = split.folds.flatMap(({ test }, fold) =>
    test.map((i, row) => ({ fold, row, group: labelGroup(data.examples[i], data.dimensions, data.classes) })),
  );
  const groups = groupBy(
    all.filter(({ group }) => group !== null),
    ({ group }) => group!,
  );
  const names =
    data.classes.length > 0 ? data.classes.filter((own) => groups.has(own)) : [...groups.keys()].sort();
  return {
    label: 'labelled',
    names,
    spreads: (of: (outputs: FoldOutcome['outputs']) => Float32Array, width: number, upTo = folds.length) =>
      names.map((name) => {
        const own = groups.get(name)!.filter(({ fold }) => fold < upTo);
        return Array.from({ length: width }, (_, c) =>
          spread(own.map(({ fold, row }) => of(folds[fold].outputs)[row * width + c])),
        );
      }),
  };
}

function trajectoryFigures(
  data: EvaluationData,
  { split }: SplitOutcomes,
  { name, outcomes: [folds] }: SplitOutcomes['learners'][number],
  drawn: Draw,
): DrawnFigure[] {
  const [{ heads }] = folds;
  const { examples, heads: values } = assemble(data, split, folds, ({ outputs }) => outputs);
  const trials = [...groupBy([...examples.keys()], (i) => unitOf.trial(examples[i])).values()];
  return heads.flatMap((head, h) => {
    // A label that stands still has no course to follow.
    const moving = trials.filter(
      (rows) => new Set(rows.map((i) => examples[i].label.targets[head])).size > 1,
    );
    return moving.slice(0, TRAJECTORIES).map((rows, t) => {
      const { person, trial } = examples[rows[0]];
      const title = `${name}: ${head} of ${person}, trial ${trial}`;
      const course = {
        times: rows.map((i) => examples[i].window[1]),
        label: rows.map((i) => examples[i].label.targets[head] ?? Number.NaN),
        predicted: rows.map((i) => values[i * heads.length + h]),
      };
      return drawn(
        [name, head, 'course', String(t + 1)],
        title,
        trajectories(title, head, course, split.label),
      );
    });
  });
}

function uncertaintyFigures(
  data: EvaluationData,
  outcomes: SplitOutcomes,
  level: Level,
  drawn: Draw,
): DrawnFigure[] {
  const { label } = outcomes.split;
  const found: DrawnFigure[] = [];
  const curves = groupBy(riskCurves(data, outcomes, level), ({ quantity }) => quantity);
  for (const [quantity, own] of curves) {
    const loss = quantity === 'class' ? 'share of errors' : `absolute error of ${quantity}`;
    const models = own.map(({ model, curve }) => ({ name: model, curve }));
    const svg = riskCoverageCurves(`Risk and coverage: ${quantity}, by ${level}`, loss, models, label);
    found.push(drawn(['risk-coverage', quantity], `Risk and coverage: ${quantity}`, svg));
  }
  const calibrated = outcomes.learners.flatMap((learner) => {
    if (learner.outcomes[0][0].modalities.length === 0) return [];
    const series = classSeries(data, outcomes, learner, level);
    return series ? [{ name: learner.name, bins: reliabilityBins(series.predicted, series.label) }] : [];
  });
  if (calibrated.length > 0)
    found.push(
      drawn(
        ['reliability'],
        'Calibration',
        reliabilityDiagram(`Calibration, by ${level}`, calibrated, label),
      ),
    );
  return found;
}
