import type * as tfjs from '@tensorflow/tfjs';
import type { ModelBatch } from '../frames.js';
import type { BoundModel, ModelValues } from '../networks/definition.js';
import type { Parameters } from '../networks/parameters.js';
import { batchTensors, readTensors } from './tfjs-executable.js';
import { type Tfjs, TfjsGraph } from './tfjs-graph.js';
import { listOf, mapValues, type OutputArray } from './wasm/plan.js';

type Tensor = tfjs.Tensor;

export interface ForwardPass {
  readonly outputs: ModelValues<OutputArray>;
  /** While training: mean and variance [C] of each batch normalisation, in the order in which they were computed. */
  readonly statistics: readonly (readonly [name: string, mean: Float32Array, variance: Float32Array])[];
  /** Dropout masks that were drawn. */
  readonly masks: number;
}

/** A forward pass that can still be differentiated. */
interface Recorded {
  readonly tape: ReturnType<typeof tfjs.engine>['state']['activeTape'];
  /** All outputs in one row. */
  readonly outputs: Tensor;
  readonly trained: readonly Tensor[];
}

/**
 * A model's forward and backward passes by tfjs, apart from its losses: arrays in, arrays out. For backends whose tensors
 * can't be waited for: tfjs would want the losses' gradients in the same breath. Calls must not overlap.
 */
export class TfjsModel {
  readonly #trained: readonly { name: string; shape: readonly number[] }[];
  #recorded: Recorded | null = null;

  constructor(
    private readonly tf: Tfjs,
    private readonly model: BoundModel,
  ) {
    this.#trained = model.parameters.filter(({ trainable }) => trainable);
  }

  /** The model's outputs for a batch; while training, `seed` is that of the first dropout mask, else null. */
  async forward(batch: ModelBatch, parameters: Parameters, seed: number | null): Promise<ForwardPass> {
    const { tf } = this;
    const training = seed !== null;
    const tensorOf = (name: string, shape: readonly number[]): Tensor =>
      tf.tensor(parameters.get(name)!, [...shape]);
    const trained = new Map(
      training ? this.#trained.map(({ name, shape }) => [name, tensorOf(name, shape)]) : [],
    );
    this.#forget();
    const observed: [string, Tensor, Tensor][] = [];
    let masks = 0;
    let values!: ModelValues<Tensor>;
    const compute = (): Tensor[] => {
      const tensors = new Map(
        this.model.parameters.map(({ name, shape }) => [name, trained.get(name) ?? tensorOf(name, shape)]),
      );
      const inputs = batchTensors(tf, this.model, batch);
      const parameter = (name: string): Tensor => tensors.get(name)!;
      const graph = new TfjsGraph(
        tf,
        {
          input: (name) => inputs.get(name)!,
          parameter,
          transposed: (name) => tf.transpose(parameter(name)),
        },
        training
          ? {
              nextSeed: () => seed + masks++,
              observe: (name, mean, variance) => observed.push([name, mean, variance]),
            }
          : null,
      );
      values = this.model.forward(graph);
      const row = tf.concat1d(listOf(values).map((value) => tf.reshape(value, [-1]) as tfjs.Tensor1D));
      return [row, ...observed.flatMap(([, mean, variance]) => [mean, variance])];
    };
    const [outputs, ...statistics] = tf.tidy(training ? () => this.#recording(compute, trained) : compute);
    const [row, ...observations] = await readTensors(tf, [outputs, ...statistics]);
    tf.dispose(training ? statistics : [outputs, ...statistics]);
    let at = 0;
    let next = 0;
    return {
      outputs: mapValues(values, ({ size, shape }) => {
        at += size;
        return { values: row.subarray(at - size, at), shape };
      }),
      statistics: observed.map(([name]) => [name, observations[next++], observations[next++]]),
      masks,
    };
  }

  /**
   * Gradients of the trainable parameters, in the model's order, from those of the outputs that the last {@link forward}
   * while training gave, in their order. Once for each forward pass.
   */
  async backward(gradients: readonly Float32Array[]): Promise<Float32Array[]> {
    const { tf } = this;
    const { tape, outputs, trained } = this.#recorded!;
    const all = new Float32Array(outputs.size);
    let at = 0;
    for (const gradient of gradients) {
      all.set(gradient, at);
      at += gradient.length;
    }
    const engine = tf.engine();
    const found = tf.tidy(() => {
      const { grads } = engine.gradients(
        () => {
          engine.state.activeTape = tape;
          return outputs;
        },
        [...trained],
        tf.tensor1d(all),
        true,
      );
      // What no output depends on has none.
      return grads.map((gradient, i) => gradient ?? tf.zeros([...this.#trained[i].shape]));
    });
    this.#recorded = null;
    tf.dispose([outputs, ...trained]);
    const arrays = await readTensors(tf, found);
    tf.dispose(found);
    return arrays;
  }

  /** `compute` as tfjs's gradients would run it, whose tape is kept here until the losses' gradients are known. */
  #recording(compute: () => Tensor[], trained: ReadonlyMap<string, Tensor>): Tensor[] {
    const { state } = this.tf.engine();
    state.activeTape = [];
    state.gradientDepth++;
    try {
      const tensors = compute();
      this.#recorded = { tape: state.activeTape, outputs: tensors[0], trained: [...trained.values()] };
      return tensors;
    } finally {
      state.gradientDepth--;
      state.activeTape = [];
    }
  }

  /** Frees a pass that nobody differentiated. */
  #forget(): void {
    if (!this.#recorded) return;
    const { tape, outputs, trained } = this.#recorded;
    this.tf.dispose([outputs, ...trained, ...tape.flatMap(({ saved }) => saved ?? [])]);
    this.#recorded = null;
  }
}
