import type { GroupWeights, MeanWeight } from '../training/group-weights.js';
import type { TrainingReport } from '../training/report.js';
import { lineChart } from './figures/line-chart.js';
import { lossCurves } from './figures/loss-curves.js';
import { attentionMap, routingMap } from './figures/weight-map.js';

/**
 * Figures of one training: its loss, each of its objectives, the validation score, and what the model weighs inside, as
 * SVG by file name.
 */
export function trainingFigures({
  type: model,
  history,
  weights,
}: Pick<TrainingReport, 'type' | 'history' | 'weights'>): ReadonlyMap<string, string> {
  const objectives = [...new Set(history.flatMap(({ terms }) => Object.keys(terms)))];
  const score = lineChart({
    title: `Validation score of ${model}`,
    description: 'Mean of CCC and accuracy on validation people after each epoch; higher is better.',
    label: null,
    x: { label: 'epoch' },
    y: { label: 'score' },
    series: [{ name: 'validation', points: history.map((done) => [done.epoch, done.score] as const) }],
  });
  const terms = lossCurves(
    `Objectives of ${model}, not weighted`,
    objectives.map((name) => ({ name, loss: history.map((done) => done.terms[name] ?? null) })),
    null,
  );
  const training = [{ name: 'training', loss: history.map(({ loss }) => loss) }];
  const figures = new Map([
    ['loss.svg', lossCurves(`Loss of ${model}`, training, null)],
    ['objectives.svg', terms],
  ]);
  if (history.some((done) => Number.isFinite(done.score))) figures.set('validation.svg', score);
  const map = (of: (group: GroupWeights) => readonly MeanWeight[]) => ({
    rowLabel: 'labelled',
    rows: weights.groups.map(({ name }) => name),
    weights: weights.groups.map((group) => of(group).map(({ mean, sd }) => ({ mean, sd: sd ?? Number.NaN }))),
    label: null,
  });
  const [first] = weights.groups;
  if (weights.modalities.length > 1 && first)
    figures.set(
      'attention.svg',
      attentionMap({
        ...map(({ modalities }) => modalities),
        title: `Modality weights of ${model}`,
        columns: weights.modalities,
      }),
    );
  if (first && first.routing.length > 1)
    figures.set(
      'routing.svg',
      routingMap({
        ...map(({ routing }) => routing),
        title: `Routing weights of ${model}`,
        columns: first.routing.map((_, l) => String(l + 1)),
      }),
    );
  return figures;
}
