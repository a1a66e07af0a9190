import type { ModelFrame, ModelOutput } from '../core/model.js';
import type { InputSpec } from '../models/definition.js';
import { encodeFrames } from '../models/frames.js';
import { mulberry32 } from '../models/random.js';
import { byPerson, type Example } from './example.js';
import { agreement, type MeanAgreement, meanAgreement } from './metrics.js';
import { onlyModality, withoutModalities } from './missing.js';
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

/** Compares predictions with labels, each person by themselves, then averaged over people. */
export function evaluationRow(
  name: string,
  examples: readonly Example[],
  predicted: readonly Predicted[],
): EvaluationRow {
  const index = new Map(examples.map((example, i) => [example, i]));
  const people = [...byPerson(examples).values()].map((own) => own.map((example) => index.get(example)!));
  const report = (dimension: Dimension): DimensionReport => {
    const clipped = predicted.map((p) => Math.max(-1, Math.min(1, p[dimension])));
    const labels = examples.map(({ label }) => label[dimension]);
    const inside = predicted.flatMap((p, i) =>
      p.interval ? [Math.abs(p[dimension] - labels[i]) <= p.interval[dimension]] : [],
    );
    return {
      ...meanAgreement(
        people.map((rows) =>
          agreement(
            rows.map((i) => clipped[i]),
            rows.map((i) => labels[i]),
          ),
        ),
      ),
      pooledCcc: agreement(clipped, labels).ccc,
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
    const uniform = mulberry32(Math.round(rate * 100) + 1);
    const thinned = examples.map((e) => ({ ...e, frame: withoutModalities(e.frame, rate, uniform) }));
    rows.push(await row(rate === 0 ? 'all sensors' : `${Math.round(rate * 100)} % missing`, thinned));
  }
  for (const [m, { name }] of inputs.entries()) {
    const alone = examples
      .filter(({ frame }) => frame[m].present)
      .map((e) => ({ ...e, frame: onlyModality(e.frame, m) }));
    if (alone.length > 0) rows.push(await row(`${name} alone`, alone));
  }
  return rows;
}

const PENALTY = 20;

/**
 * The ceiling: for each person a linear reader that learnt from other sessions of that very person, with their labels.
 * It knows the person's gains, baselines and responsivity, which a model for strangers cannot; what it misses is the generator's noise
 * within one window. Its predictions are spread as the labels it learnt from, which is best for CCC.
 */
export function ceilingRow(
  inputs: readonly InputSpec[],
  own: ReadonlyMap<string, readonly Example[]>,
  examples: readonly Example[],
): EvaluationRow {
  const predicted: Predicted[] = [];
  const ordered: Example[] = [];
  for (const [person, tested] of byPerson(examples)) {
    const learnt = own.get(person)!;
    const [known, unknown] = [rowsOf(inputs, learnt), rowsOf(inputs, tested)];
    const read = (dimension: Dimension): number[] => {
      const target = learnt.map(({ label }) => label[dimension]);
      const weights = ridge(known, target, PENALTY);
      const fitted = known.map((row) => applyRidge(weights, row));
      const [f, t] = [moments(fitted), moments(target)];
      return unknown.map((row) => t.mean + ((applyRidge(weights, row) - f.mean) * t.sd) / f.sd);
    };
    const [valence, arousal] = [read('valence'), read('arousal')];
    tested.forEach((example, i) => {
      ordered.push(example);
      predicted.push({ valence: valence[i], arousal: arousal[i], interval: null });
    });
  }
  return evaluationRow('ceiling: a linear reader that knows the person', ordered, predicted);
}

function rowsOf(inputs: readonly InputSpec[], examples: readonly Example[]): Float32Array[] {
  const { inputs: encoded } = encodeFrames(
    inputs,
    examples.map(({ frame }) => frame),
  );
  return examples.map((_, i) => {
    const parts = inputs.map((input) => {
      const all = encoded.get(input.name)!;
      const size = all.length / examples.length;
      return all.subarray(i * size, (i + 1) * size);
    });
    return Float32Array.from(parts.flatMap((part) => [...part]));
  });
}

function moments(values: readonly number[]): { mean: number; sd: number } {
  const mean = values.reduce((sum, v) => sum + v, 0) / values.length;
  const variance = values.reduce((sum, v) => sum + (v - mean) * (v - mean), 0) / values.length;
  return { mean, sd: Math.sqrt(variance) };
}
