import type * as tfjs from '@tensorflow/tfjs';
import { z } from 'zod';
import type { Executable } from '../engines/engine.js';
import { batchTensors, TfjsExecutable } from '../engines/tfjs-executable.js';
import { type Tfjs, TfjsGraph } from '../engines/tfjs-graph.js';
import { type BoundModel, inputShape } from '../models/definition.js';
import { encodeFrames, type ModelBatch } from '../models/frames.js';
import { initialParameters, type Parameters, sizeOf } from '../models/parameters.js';
import { gaussian, mulberry32 } from '../models/random.js';
import { Adam, cosineRate } from './adam.js';
import { byPerson, type Example } from './example.js';
import { alignmentLoss, concordanceLoss, meanSquaredError } from './losses.js';
import { agreement, meanAgreement } from './metrics.js';
import { channelGroups, dropInputs, withoutModalities } from './missing.js';
import { shuffled } from './shuffle.js';

const rate = z.number().min(0).max(0.95);

export const fitSettings = z.strictObject({
  seed: z.int().describe('Draws the first weights, the order of examples and all dropout.'),
  epochs: z.int().positive(),
  batch_size: z.int().min(2),
  learning_rate: z.number().positive().describe('Peak of the cosine schedule.'),
  warmup_epochs: z.number().min(0).default(1),
  weight_decay: z.number().min(0).default(0),
  patience_epochs: z.int().positive().describe('Epochs without a better validation score before it stops.'),
  loss: z.strictObject({
    mse: z.number().min(0),
    ccc: z.number().min(0),
    alignment: z.number().min(0).describe('Weight of NT-Xent between modalities.'),
    alignment_rows: z
      .int()
      .min(2)
      .default(32)
      .describe('Examples of each batch that NT-Xent compares; its cost grows with their square.'),
    temperature: z.number().positive().default(0.1),
  }),
  dropout: z.strictObject({
    modality: rate.describe('Probability that a modality is missing from an example.'),
    channel: rate.describe('Probability that a channel or region is missing from a modality.'),
    noise_sd: z.number().min(0).describe('Noise on standardised features.'),
  }),
  validation_missing: rate
    .default(0.3)
    .describe('The validation score is the mean of CCC with all modalities and with this share missing.'),
});
export type FitSettings = z.infer<typeof fitSettings>;

export interface Epoch {
  readonly epoch: number;
  readonly loss: number;
  /** Validation score: CCC, averaged over dimensions, people, and both amounts of missing modalities. */
  readonly score: number;
}

export interface Fit {
  /** Of the epoch with the best score. */
  readonly parameters: Parameters;
  readonly best: Epoch;
  readonly history: readonly Epoch[];
}

/** Rows `rows` of `batch`, copied. */
function gather(model: BoundModel, batch: ModelBatch, rows: readonly number[]): ModelBatch {
  const pick = (values: Float32Array, size: number): Float32Array => {
    const out = new Float32Array(rows.length * size);
    rows.forEach((row, i) => {
      out.set(values.subarray(row * size, (row + 1) * size), i * size);
    });
    return out;
  };
  return {
    size: rows.length,
    presence: pick(batch.presence, model.inputs.length),
    inputs: new Map(
      model.inputs.map((input) => [
        input.name,
        pick(batch.inputs.get(input.name)!, sizeOf(inputShape(input))),
      ]),
    ),
  };
}

/** Labels [B, heads] and their mask: dimensions that the examples do not have are never looked at. */
function labelsOf(
  model: BoundModel,
  examples: readonly Example[],
): { values: Float32Array; mask: Float32Array } {
  const heads = model.heads;
  const values = new Float32Array(examples.length * heads.length);
  const mask = new Float32Array(values.length);
  examples.forEach(({ label }, i) => {
    heads.forEach((head, h) => {
      if (head !== 'valence' && head !== 'arousal') return;
      values[i * heads.length + h] = label[head];
      mask[i * heads.length + h] = 1;
    });
  });
  return { values, mask };
}

/** [B, B]: 0 where two windows of a person overlap; these must not push each other apart. */
function comparableRows(examples: readonly Example[]): Float32Array {
  const n = examples.length;
  const comparable = new Float32Array(n * n).fill(1);
  for (let i = 0; i < n; i++)
    for (let j = 0; j < n; j++) {
      const [a, b] = [examples[i], examples[j]];
      if (a.person === b.person && a.window[0] < b.window[1] && b.window[0] < a.window[1])
        comparable[i * n + j] = 0;
    }
  return comparable;
}

/** Predictions of valence and arousal, row by row, computed in large batches. */
export async function predictBatch(
  model: BoundModel,
  executable: Executable,
  batch: ModelBatch,
): Promise<{ valence: number[]; arousal: number[] }> {
  const [valence, arousal]: [number[], number[]] = [[], []];
  const [v, a] = [model.heads.indexOf('valence'), model.heads.indexOf('arousal')];
  const CHUNK = 256;
  for (let from = 0; from < batch.size; from += CHUNK) {
    const rows = Array.from({ length: Math.min(CHUNK, batch.size - from) }, (_, i) => from + i);
    const { heads } = await executable.run(gather(model, batch, rows));
    for (let i = 0; i < rows.length; i++) {
      valence.push(heads[i * model.heads.length + v]);
      arousal.push(heads[i * model.heads.length + a]);
    }
  }
  return { valence, arousal };
}

/** One gradient step's work: loss, gradients and batch statistics. */
class Trainer {
  readonly #names: string[];
  readonly #groups;
  #dropoutSeed = 1;

  constructor(
    private readonly tf: Tfjs,
    private readonly model: BoundModel,
    private readonly settings: FitSettings,
    readonly parameters: Map<string, Float32Array>,
    private readonly uniform: () => number,
  ) {
    this.#names = model.parameters.filter(({ trainable }) => trainable).map(({ name }) => name);
    this.#groups = model.inputs.map(channelGroups);
  }

  get trained(): Float32Array[] {
    return this.#names.map((name) => this.parameters.get(name)!);
  }

  step(batch: ModelBatch, examples: readonly Example[]): { loss: number; gradients: Float32Array[] } {
    const { tf, model, settings } = this;
    const normal = gaussian(this.uniform);
    for (let row = 0; row < batch.size; row++)
      dropInputs(model.inputs, this.#groups, batch, row, settings.dropout, this.uniform, normal);
    // Not returned from `tidy`, which would look for tensors in every element of the arrays.
    const result = { loss: 0, gradients: [] as Float32Array[] };
    tf.tidy(() => {
      const { values, mask } = labelsOf(model, examples);
      const shape: [number, number] = [examples.length, model.heads.length];
      const [label, labelMask] = [tf.tensor2d(values, shape), tf.tensor2d(mask, shape)];
      const inputs = batchTensors(tf, model, batch);
      const fixed = this.#tensors(({ trainable }) => !trainable);
      const weights = this.#tensors(({ trainable }) => trainable);
      const loss = (...args: tfjs.Tensor[]): tfjs.Scalar => {
        const parameters = new Map([...fixed, ...this.#names.map((name, i) => [name, args[i]] as const)]);
        const graph = new TfjsGraph(
          tf,
          {
            input: (name) => inputs.get(name)!,
            parameter: (name) => parameters.get(name)!,
            transposed: (name) => tf.transpose(parameters.get(name)!),
          },
          {
            nextSeed: () => this.#dropoutSeed++,
            observe: (name, mean, variance) => this.#observe(name, mean, variance),
          },
        );
        const { heads, embeddings } = model.forward(graph);
        const terms = [
          tf.mul(settings.loss.mse, meanSquaredError(tf, heads, label, labelMask)),
          tf.mul(settings.loss.ccc, concordanceLoss(tf, heads, label, labelMask)),
        ];
        if (settings.loss.alignment > 0) {
          const compared = examples.slice(0, settings.loss.alignment_rows);
          const first = (x: tfjs.Tensor): tfjs.Tensor => tf.slice(x, 0, compared.length);
          const aligned = alignmentLoss(
            tf,
            embeddings.map(first),
            first(inputs.get('presence')!),
            tf.tensor2d(comparableRows(compared), [compared.length, compared.length]),
            settings.loss.temperature,
          );
          terms.push(tf.mul(settings.loss.alignment, aligned));
        }
        return tf.addN(terms) as tfjs.Scalar;
      };
      const { value, grads } = tf.valueAndGrads(loss)([...weights.values()]);
      result.loss = value.dataSync()[0];
      result.gradients = grads.map((gradient) => gradient.dataSync() as Float32Array);
    });
    return result;
  }

  #tensors(wanted: (spec: BoundModel['parameters'][number]) => boolean): Map<string, tfjs.Tensor> {
    return new Map(
      this.model.parameters
        .filter(wanted)
        .map(({ name, shape }) => [name, this.tf.tensor(this.parameters.get(name)!, [...shape])]),
    );
  }

  #observe(name: string, mean: tfjs.Tensor, variance: tfjs.Tensor): void {
    const MOMENTUM = 0.01;
    for (const [statistic, observed] of [
      ['mean', mean],
      ['variance', variance],
    ] as const) {
      const running = this.parameters.get(`${name}.${statistic}`)!;
      observed.dataSync().forEach((value, i) => {
        running[i] += MOMENTUM * (value - running[i]);
      });
    }
  }
}

/**
 * Trains a model with Adam and a cosine schedule, and keeps the weights of the epoch that does best on people held
 * out for that. Modalities, channels and regions are dropped at random, so that the model learns to do without.
 * The same settings and data give the same weights on the same machine.
 */
export async function fitModel(
  tf: Tfjs,
  model: BoundModel,
  train: readonly Example[],
  validation: readonly Example[],
  settings: FitSettings,
  onEpoch: (epoch: Epoch) => void = () => {},
): Promise<Fit> {
  const uniform = mulberry32(settings.seed);
  const parameters = new Map(initialParameters(model.parameters, settings.seed));
  const trainer = new Trainer(tf, model, settings, parameters, uniform);
  const adam = new Adam(
    trainer.trained.map(({ length }) => length),
    { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weight_decay: settings.weight_decay },
  );
  const encoded = encodeFrames(
    model.inputs,
    train.map(({ frame }) => frame),
  );
  const score = validator(tf, model, validation, settings);
  const perEpoch = Math.floor(train.length / settings.batch_size);
  const steps = perEpoch * settings.epochs;
  const indices = train.map((_, i) => i);
  const history: Epoch[] = [];
  let best: { epoch: Epoch; parameters: Parameters } | null = null;

  for (let epoch = 0; epoch < settings.epochs; epoch++) {
    const order = shuffled(indices, uniform);
    let sum = 0;
    for (let step = 0; step < perEpoch; step++) {
      const rows = order.slice(step * settings.batch_size, (step + 1) * settings.batch_size);
      const { loss, gradients } = trainer.step(
        gather(model, encoded, rows),
        rows.map((row) => train[row]),
      );
      sum += loss;
      const at = epoch * perEpoch + step;
      adam.update(
        trainer.trained,
        gradients,
        cosineRate(at, steps, settings.learning_rate, settings.warmup_epochs * perEpoch),
      );
    }
    const done: Epoch = { epoch: epoch + 1, loss: sum / perEpoch, score: await score(parameters) };
    history.push(done);
    onEpoch(done);
    if (!best || done.score > best.epoch.score)
      best = { epoch: done, parameters: new Map([...parameters].map(([name, v]) => [name, v.slice()])) };
    if (epoch + 1 - best.epoch.epoch >= settings.patience_epochs) break;
  }
  return { parameters: best!.parameters, best: best!.epoch, history };
}

/** Scores weights on `examples`, with everything present and with modalities missing, always the same ones. */
function validator(
  tf: Tfjs,
  model: BoundModel,
  examples: readonly Example[],
  settings: FitSettings,
): (parameters: Parameters) => Promise<number> {
  const uniform = mulberry32(settings.seed + 1);
  const people = [...byPerson(examples).values()];
  const ordered = people.flat();
  const batches = [0, settings.validation_missing].map((missing) =>
    encodeFrames(
      model.inputs,
      ordered.map(({ frame }) => withoutModalities(frame, missing, uniform)),
    ),
  );
  return async (parameters) => {
    const executable = new TfjsExecutable(tf, model, parameters);
    const scores: number[] = [];
    for (const batch of batches) {
      const predicted = await predictBatch(model, executable, batch);
      for (const dimension of ['valence', 'arousal'] as const) {
        let from = 0;
        const each = people.map((own) => {
          const part = predicted[dimension].slice(from, from + own.length);
          from += own.length;
          return agreement(
            part,
            own.map(({ label }) => label[dimension]),
          );
        });
        scores.push(meanAgreement(each).ccc);
      }
    }
    await executable.dispose();
    return scores.reduce((sum, s) => sum + s, 0) / scores.length;
  };
}
