import type { GroupWeights, MeanWeight } from '../fit/group-weights.js';
import type { TrainingReport } from '../fit/report.js';
import { lineChart } from './figures/line-chart.js';
import { lossCurves } from './figures/loss-curves.js';
import { attentionMap, routingMap } from './figures/weight-map.js';

/**
 * Figures of one training: its loss, each of its objectives, the validation loss, and what the model weighs inside, as
 * SVG by file name.
 */
export function trainingFigures({
  type: model,
  history,
  validation_metric,
  weights,
}: Pick<TrainingReport, 'type' | 'history' | 'validation_metric' | 'weights'>): ReadonlyMap<string, string> {
  const objectives = [...new Set(history.flatMap(({ terms }) => Object.keys(terms)))];
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
  if (validation_metric !== null)
    figures.set(
      'validation.svg',
      lineChart({
        title: `Validation ${validation_metric} of ${model}`,
        description: `${validation_metric} on validation people after each epoch; lower is better.`,
        label: null,
        x: { label: 'epoch' },
        y: { label: validation_metric },
        series: [
          { name: 'validation', points: history.map((done) => [done.epoch, done.validation] as const) },
        ],
      }),
    );
  const map = (of: (group: GroupWeights) => readonly MeanWeight[]) => ({
    rowLabel: 'labelled',
    rows: weights.groups.map(({ name }) => name),
    weights: weights.groups.map((group) => of(group).map(({ mean, sd }) => ({ mean, sd: sd ?? Number.NaN }))),
    label: null,
  });
  const [first] = weights.groups;
  if (first && first.modalities.length > 1)
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
