import type * as tfjs from '@tensorflow/tfjs';
import type { Random } from '../../core/random.js';
import { type Differentiable, differentiable } from '../../model/engines/differentiable.js';
import { batchTensors } from '../../model/engines/tfjs-executable.js';
import type { Tfjs } from '../../model/engines/tfjs-graph.js';
import type { ModelBatch } from '../../model/frames.js';
import type { BoundModel, ModelValues, ParameterSpec } from '../../model/networks/definition.js';
import type { Example } from '../examples/example.js';
import { objectives } from '../losses/definitions.js';
import type { Objective, ObjectiveBatch } from '../losses/objective.js';

type Tensor = tfjs.Tensor;

/** Loss terms before they are weighted, by objective. */
export type Terms = Readonly<Record<string, number>>;

/** The objectives that a configuration's `loss` names, with their settings. */
export interface ActiveObjective {
  readonly objective: Objective<{ readonly weight: number }>;
  readonly settings: { readonly weight: number };
}

/** Those with a weight of 0 are left out. */
export function activeObjectives(
  loss: Readonly<Record<string, { readonly weight: number } | undefined>>,
): ActiveObjective[] {
  return Object.entries(loss).flatMap(([name, settings]) =>
    settings && settings.weight > 0 ? [{ objective: objectives.get(name)!, settings }] : [],
  );
}

/** What a model lacks for the losses it is to be trained with, one line each, with their place in a configuration. */
export function objectiveProblems(model: BoundModel, loss: Parameters<typeof activeObjectives>[0]): string[] {
  return activeObjectives(loss).flatMap(({ objective }) =>
    objective.problems(model).map((problem) => `fit.loss.${objective.name}: ${problem}`),
  );
}

/** Labels as tensors; what an example does not say is masked. */
export function labelTensors(
  tf: Tfjs,
  model: BoundModel,
  examples: readonly Example[],
): Omit<ObjectiveBatch, 'inputs'> {
  const rows = examples.length;
  const masked = (columns: number, of: (example: Example, column: number) => number | undefined) => {
    const label = new Float32Array(rows * columns);
    const mask = new Float32Array(rows * columns);
    examples.forEach((example, i) => {
      for (let c = 0; c < columns; c++) {
        const value = of(example, c);
        if (value === undefined || Number.isNaN(value)) continue;
        label[i * columns + c] = value;
        mask[i * columns + c] = 1;
      }
    });
    return { label: tf.tensor2d(label, [rows, columns]), mask: tf.tensor2d(mask, [rows, columns]) };
  };
  const classes = masked(model.classes.length, ({ label }, c) => Number(label.class === c));
  return {
    examples,
    heads: masked(model.heads.length, ({ label }, h) => label.targets[model.heads[h]]),
    classes: {
      label: classes.label,
      mask: tf.tensor2d(
        examples.map(({ label }) => Number(label.class !== null)),
        [rows, 1],
      ),
    },
  };
}

/** Computes losses and gradients of a model's parameters and of those that its objectives bring along. */
export class Trainer {
  /** All, the model's first. */
  readonly specs: readonly ParameterSpec[];
  readonly #names: readonly string[];
  /** Those that objectives brought along. */
  readonly #own: readonly ParameterSpec[];
  /** Seed of the next dropout mask. */
  dropoutSeed = 1;

  constructor(
    private readonly tf: Tfjs,
    private readonly model: BoundModel,
    private readonly active: readonly ActiveObjective[],
    readonly parameters: ReadonlyMap<string, Float32Array>,
    private readonly random: Random,
    specs: readonly ParameterSpec[],
    private readonly network: Differentiable = differentiable(tf, model),
  ) {
    this.specs = specs;
    this.#names = specs.filter(({ trainable }) => trainable).map(({ name }) => name);
    this.#own = specs.filter((spec) => !model.parameters.some(({ name }) => name === spec.name));
  }

  /** What the optimiser moves, in the order of {@link step}'s gradients. */
  get trained(): Float32Array[] {
    return this.#names.map((name) => this.parameters.get(name)!);
  }

  /** One gradient step's work; running statistics are updated in place. */
  step(
    batch: ModelBatch,
    examples: readonly Example[],
  ): { loss: number; terms: Terms; gradients: Float32Array[] } {
    const { tf } = this;
    const result = { loss: 0, terms: {} as Terms, gradients: [] as Float32Array[] };
    tf.tidy(() => {
      const labels = labelTensors(tf, this.model, examples);
      const inputs = batchTensors(tf, this.model, batch);
      const own = this.#ownTensors();
      const learnt = this.#own.filter(({ trainable }) => trainable).map(({ name }) => name);
      const { loss, gradients, others } = this.network.differentiate(
        { batch, inputs, parameters: this.parameters },
        {
          nextSeed: () => this.dropoutSeed++,
          observe: (name, mean, variance) => this.#observe(name, mean, variance),
        },
        learnt.map((name) => own.get(name)!),
        (values, tensors) => {
          const parameters = new Map([...own, ...learnt.map((name, i) => [name, tensors[i]] as const)]);
          const { total, terms } = this.#loss(values, parameters, { ...labels, inputs }, true);
          result.terms = terms;
          return total as tfjs.Scalar;
        },
      );
      const all = new Map([...gradients, ...learnt.map((name, i) => [name, others[i]] as const)]);
      result.loss = loss;
      result.gradients = this.#names.map((name) => all.get(name)!);
    });
    return result;
  }

  /** Loss terms of a batch, nothing dropped and nothing learnt. */
  measure(batch: ModelBatch, examples: readonly Example[]): Terms {
    let found: Terms = {};
    this.tf.tidy(() => {
      const labels = labelTensors(this.tf, this.model, examples);
      const inputs = batchTensors(this.tf, this.model, batch);
      const values = this.network.values({ batch, inputs, parameters: this.parameters });
      found = this.#loss(values, this.#ownTensors(), { ...labels, inputs }, false).terms;
    });
    return found;
  }

  #loss(
    values: ModelValues<Tensor>,
    parameters: ReadonlyMap<string, Tensor>,
    batch: ObjectiveBatch,
    training: boolean,
  ): { total: Tensor; terms: Terms } {
    const { tf, model } = this;
    const terms: Record<string, number> = {};
    const weighted = this.active.map(({ objective, settings }) => {
      const term = objective.loss(settings, {
        tf,
        model,
        values,
        batch,
        parameter: (name) => parameters.get(name)!,
        remember: (name, value) => {
          if (training) this.parameters.get(name)!.set(value.dataSync());
        },
        uniform: this.random.uniform,
      });
      terms[objective.name] = term.dataSync()[0];
      return tf.mul(settings.weight, term);
    });
    return { total: tf.addN(weighted), terms };
  }

  /** Parameters that objectives brought along. */
  #ownTensors(): Map<string, Tensor> {
    return new Map(
      this.#own.map(({ name, shape }) => [name, this.tf.tensor(this.parameters.get(name)!, [...shape])]),
    );
  }

  #observe(name: string, mean: ArrayLike<number>, variance: ArrayLike<number>): void {
    const MOMENTUM = 0.01;
    for (const [statistic, observed] of [
      ['mean', mean],
      ['variance', variance],
    ] as const) {
      const running = this.parameters.get(`${name}.${statistic}`)!;
      for (let i = 0; i < running.length; i++) running[i] += MOMENTUM * (observed[i] - running[i]);
    }
  }
}
