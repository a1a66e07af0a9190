import type * as tfjs from '@tensorflow/tfjs';
import type { ModelBatch } from '../frames.js';
import type { BoundModel, ModelValues } from '../networks/definition.js';
import type { Parameters } from '../networks/parameters.js';
import type { Executable } from './engine.js';
import { TfjsExecutable } from './tfjs-executable.js';
import { type Tfjs, TfjsGraph, type TfjsTraining } from './tfjs-graph.js';
import { WasmExecutable } from './wasm/wasm-executable.js';
import { WasmModel } from './wasm/wasm-model.js';

type Tensor = tfjs.Tensor;

/** What a training pass asks and tells. */
export interface TrainingPass {
  /** Seed of the next dropout mask. */
  nextSeed(): number;
  /** Told each batch's mean and variance [C] of a batch normalisation, for its running statistics. */
  observe(name: string, mean: ArrayLike<number>, variance: ArrayLike<number>): void;
}

/** A batch for a {@link Differentiable}. */
export interface Pass {
  readonly batch: ModelBatch;
  /** The batch as tensors, `presence` among them. */
  readonly inputs: ReadonlyMap<string, Tensor>;
  /** Current values of all parameters. */
  readonly parameters: Parameters;
}

/** A scalar of a model's values, and of further tensors that are learnt beside it. */
export type Loss = (values: ModelValues<Tensor>, others: readonly Tensor[]) => tfjs.Scalar;

export interface Differentiated {
  readonly loss: number;
  /** Of the model's trainable parameters; valid until the next pass. */
  readonly gradients: ReadonlyMap<string, Float32Array>;
  readonly others: readonly Float32Array[];
}

/** A model whose losses are written in tfjs. Call it inside `tf.tidy`. */
export interface Differentiable {
  /** The model's values, nothing dropped. */
  values(pass: Pass): ModelValues<Tensor>;
  /** Loss and gradients by the model's trainable parameters and by `others`. */
  differentiate(pass: Pass, training: TrainingPass, others: readonly Tensor[], loss: Loss): Differentiated;
}

/** Gradients are read here, not returned from `tf.tidy`, which would look for tensors in every element. */
const arrayOf = (tensor: Tensor): Float32Array => tensor.dataSync() as Float32Array;

/** Differentiates with tfjs itself, on whichever backend `tf` has active. */
export class TfjsDifferentiable implements Differentiable {
  readonly #names: readonly string[];

  constructor(
    private readonly tf: Tfjs,
    private readonly model: BoundModel,
  ) {
    this.#names = model.parameters.filter(({ trainable }) => trainable).map(({ name }) => name);
  }

  values(pass: Pass): ModelValues<Tensor> {
    return this.#forward(pass, this.#tensors(pass), null);
  }

  differentiate(pass: Pass, training: TrainingPass, others: readonly Tensor[], loss: Loss): Differentiated {
    const tensors = this.#tensors(pass);
    const observing: TfjsTraining = {
      nextSeed: () => training.nextSeed(),
      observe: (name, mean, variance) => training.observe(name, arrayOf(mean), arrayOf(variance)),
    };
    const { value, grads } = this.tf.valueAndGrads((...args: Tensor[]) => {
      const trained = this.#names.map((name, i) => [name, args[i]] as const);
      const values = this.#forward(pass, new Map([...tensors, ...trained]), observing);
      return loss(values, args.slice(this.#names.length));
    })([...this.#names.map((name) => tensors.get(name)!), ...others]);
    const arrays = grads.map(arrayOf);
    return {
      loss: arrayOf(value)[0],
      gradients: new Map(this.#names.map((name, i) => [name, arrays[i]])),
      others: arrays.slice(this.#names.length),
    };
  }

  #tensors({ parameters }: Pass): Map<string, Tensor> {
    return new Map(
      this.model.parameters.map(({ name, shape }) => [
        name,
        this.tf.tensor(parameters.get(name)!, [...shape]),
      ]),
    );
  }

  #forward(
    { inputs }: Pass,
    tensors: ReadonlyMap<string, Tensor>,
    training: TfjsTraining | null,
  ): ModelValues<Tensor> {
    const parameter = (name: string): Tensor => tensors.get(name)!;
    return this.model.forward(
      new TfjsGraph(
        this.tf,
        {
          input: (name) => inputs.get(name)!,
          parameter,
          transposed: (name) => this.tf.transpose(parameter(name)),
        },
        training,
      ),
    );
  }
}

/** Leaves the model to kernels of our own, and the losses to tfjs. */
class WasmDifferentiable implements Differentiable {
  readonly #wasm: WasmModel;
  readonly #names: readonly string[];

  constructor(
    private readonly tf: Tfjs,
    model: BoundModel,
    wasm: WasmModel,
  ) {
    this.#wasm = wasm;
    this.#names = model.parameters.filter(({ trainable }) => trainable).map(({ name }) => name);
  }

  values({ batch, parameters }: Pass): ModelValues<Tensor> {
    return this.#wasm.values(this.tf, this.tf.scalar(0), batch, parameters, null);
  }

  differentiate(
    { batch, parameters }: Pass,
    training: TrainingPass,
    others: readonly Tensor[],
    loss: Loss,
  ): Differentiated {
    const { tf } = this;
    const { value, grads } = tf.valueAndGrads((handle: Tensor, ...args: Tensor[]) =>
      loss(this.#wasm.values(tf, handle, batch, parameters, training), args),
    )([tf.scalar(0), ...others]);
    return {
      loss: arrayOf(value)[0],
      gradients: new Map(this.#names.map((name) => [name, this.#wasm.gradient(name)])),
      others: grads.slice(1).map(arrayOf),
    };
  }
}

/** Where models are computed while they are trained. Losses are tfjs's in any case. */
export interface TrainingDevice {
  differentiable(model: BoundModel): Differentiable;
  executable(model: BoundModel, parameters: Parameters): Executable;
  close(): Promise<void>;
}

/** This thread, with the backend that `tf` has active. */
export function localDevice(tf: Tfjs): TrainingDevice {
  return {
    differentiable: (model) => differentiable(tf, model),
    executable: (model, parameters) => trainingExecutable(tf, model, parameters),
    close: async () => {},
  };
}

/** The fastest way to differentiate a model where `tf` has its backend: our kernels on WebAssembly, else tfjs. */
export function differentiable(tf: Tfjs, model: BoundModel, wasm = new WasmModel(model)): Differentiable {
  return tf.getBackend() === 'wasm'
    ? new WasmDifferentiable(tf, model, wasm)
    : new TfjsDifferentiable(tf, model);
}

/** Runs a model while it is trained, as fast as `tf`'s backend allows. */
export function trainingExecutable(tf: Tfjs, model: BoundModel, parameters: Parameters): Executable {
  return tf.getBackend() === 'wasm'
    ? new WasmExecutable(model, parameters)
    : new TfjsExecutable(tf, model, parameters);
}
