import type { Epoch } from '../training/fit.js';
import { lineChart } from './figures/line-chart.js';
import { lossCurves } from './figures/loss-curves.js';

/** Figures of one training: its loss, each of its objectives, and the validation score, as SVG by file name. */
export function trainingFigures(model: string, history: readonly Epoch[]): ReadonlyMap<string, string> {
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
  return figures;
}
