import { agreement } from '../../core/agreement.js';
import type { ModelFrame, ModelOutput } from '../../core/model.js';
import { Random } from '../../core/random.js';
import type { InputSpec } from '../../model/networks/definition.js';
import { byPerson, type Example, withFrame } from '../examples/example.js';
import { onlyModality, withoutModalities } from '../examples/missing.js';
import { type MeanAgreement, meanAgreement } from '../metrics/metrics.js';
import { applyRidge, ridge } from './ridge.js';

export const dimensions = ['valence', 'arousal'] as const;
export type Dimension = (typeof dimensions)[number];

export interface DimensionReport extends MeanAgreement {
  /** CCC over all people's windows together; a secondary figure. */
  readonly pooledCcc: number;
  /** Share of labels inside the prediction interval; null without one. */
  readonly covered: number | null;
}

export interface EvaluationRow {
  readonly name: string;
  /** Windows evaluated. */
  readonly windows: number;
  readonly valence: DimensionReport;
  readonly arousal: DimensionReport;
}

type Predicted = Pick<ModelOutput, 'valence' | 'arousal' | 'interval'>;
export type Predict = (frames: readonly ModelFrame[]) => Promise<readonly Predicted[]>;

const clipped = (value: number | null): number => Math.max(-1, Math.min(1, value ?? Number.NaN));

/** Compares predictions with labels, each person by themselves, then averaged over people. */
function evaluationRow(
  name: string,
  examples: readonly Example[],
  predicted: readonly Predicted[],
): EvaluationRow {
  const index = new Map(examples.map((example, i) => [example, i]));
  const people = [...byPerson(examples).values()].map((own) => own.map((example) => index.get(example)!));
  const report = (dimension: Dimension): DimensionReport => {
    const values = predicted.map((p) => clipped(p[dimension]));
    const labels = examples.map(({ label }) => label.targets[dimension] ?? Number.NaN);
    const inside = predicted.flatMap(({ interval }, i) => {
      const bounds = interval?.[dimension] ?? null;
      return bounds === null ? [] : [bounds[0] <= labels[i] && labels[i] <= bounds[1]];
    });
    return {
      ...meanAgreement(
        people.map((rows) =>
          agreement(
            rows.map((i) => values[i]),
            rows.map((i) => labels[i]),
          ),
        ),
      ),
      pooledCcc: agreement(values, labels).ccc,
      covered: inside.length > 0 ? inside.filter(Boolean).length / inside.length : null,
    };
  };
  return { name, windows: examples.length, valence: report('valence'), arousal: report('arousal') };
}

/** One row for each share of missing modalities, then one for each modality alone. */
export async function evaluate(
  inputs: readonly InputSpec[],
  examples: readonly Example[],
  predict: Predict,
  missing_rates: readonly number[],
): Promise<EvaluationRow[]> {
  const row = async (name: string, own: readonly Example[]): Promise<EvaluationRow> =>
    evaluationRow(name, own, await predict(own.map(({ frame }) => frame)));
  const rows: EvaluationRow[] = [];
  for (const rate of missing_rates) {
    const { uniform } = new Random(1, `${Math.round(rate * 100)} % missing`);
    const thinned = withoutModalities(examples, rate, uniform);
    rows.push(await row(rate === 0 ? 'all sensors' : `${Math.round(rate * 100)} % missing`, thinned));
  }
  for (const [m, { name }] of inputs.entries()) {
    const alone = examples
      .filter(({ frame }) => frame[m].present)
      .map((example) => withFrame(example, () => onlyModality(example.frame, m)));
    if (alone.length > 0) rows.push(await row(`${name} alone`, alone));
  }
  return rows;
}

/** What always saying the training people's mean label is worth; it has no CCC. */
export function constantRow(learnt: readonly Example[], tested: readonly Example[]): EvaluationRow {
  const mean = (dimension: Dimension): number =>
    moments(learnt.map(({ label }) => label.targets[dimension] ?? Number.NaN)).mean;
  const constant = { valence: mean('valence'), arousal: mean('arousal'), interval: null };
  return evaluationRow(
    "the training people's mean",
    tested,
    tested.map(() => constant),
  );
}

/** Windows before and after that the ceiling's reader sees. */
const REACH = 15;
const PENALTY = 10;

/**
 * The ceiling: a reader that sees the windows before and after each window, which nothing live can. It is a linear
 * regression on the model's own readings, of all sensors and of each alone, over {@link REACH} windows to either
 * side, learnt on people that the model's training did not see. Its predictions are spread as the labels, which is best for CCC.
 * What it misses is the generator's own noise.
 */
export async function ceilingRow(
  modalities: number,
  learnt: readonly Example[],
  tested: readonly Example[],
  predict: Predict,
): Promise<EvaluationRow> {
  const [known, unknown] = [
    await readings(modalities, learnt, predict),
    await readings(modalities, tested, predict),
  ];
  const read = (dimension: Dimension): number[] => {
    const target = known.examples.map(({ label }) => label.targets[dimension] ?? Number.NaN);
    const weights = ridge(known.rows, target, PENALTY);
    const [f, t] = [moments(known.rows.map((row) => applyRidge(weights, row))), moments(target)];
    return unknown.rows.map((row) => t.mean + ((applyRidge(weights, row) - f.mean) * t.sd) / f.sd);
  };
  const [valence, arousal] = [read('valence'), read('arousal')];
  return evaluationRow(
    'ceiling',
    unknown.examples,
    unknown.examples.map((_, i) => ({ valence: valence[i], arousal: arousal[i], interval: null })),
  );
}

/** The model's readings around each window, [2 REACH + 1][all, then each modality alone][valence, arousal]. */
async function readings(
  modalities: number,
  examples: readonly Example[],
  predict: Predict,
): Promise<{ examples: Example[]; rows: Float32Array[] }> {
  const people = [...byPerson(examples).values()];
  const ordered = people.flat();
  const frames = ordered.map(({ frame }) => frame);
  const views = [
    frames,
    ...Array.from({ length: modalities }, (_, m) => frames.map((frame) => onlyModality(frame, m))),
  ];
  const read: (readonly Predicted[])[] = [];
  for (const view of views) read.push(await predict(view));
  const width = 2 * views.length;
  const rows: Float32Array[] = [];
  let start = 0;
  for (const own of people) {
    own.forEach((_, i) => {
      const row = new Float32Array((2 * REACH + 1) * width);
      for (let offset = -REACH; offset <= REACH; offset++) {
        const neighbour = start + Math.max(0, Math.min(own.length - 1, i + offset));
        views.forEach((view, v) => {
          if (!view[neighbour].some(({ present }) => present)) return;
          row.set(
            dimensions.map((dimension) => read[v][neighbour][dimension] ?? 0),
            (offset + REACH) * width + 2 * v,
          );
        });
      }
      rows.push(row);
    });
    start += own.length;
  }
  return { examples: ordered, rows };
}

function moments(values: readonly number[]): { mean: number; sd: number } {
  const mean = values.reduce((sum, v) => sum + v, 0) / values.length;
  const variance = values.reduce((sum, v) => sum + (v - mean) * (v - mean), 0) / values.length;
  return { mean, sd: Math.sqrt(variance) };
}
