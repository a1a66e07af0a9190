import type * as tfjs from '@tensorflow/tfjs';
import type { ModelBatch } from '../../frames.js';
import type { BoundModel, ModelValues } from '../../networks/definition.js';
import type { Parameters } from '../../networks/parameters.js';
import type { Tfjs } from '../tfjs-graph.js';
import { listOf, mapValues, type OutputArray, Plan, type PlanTraining, type Run } from './plan.js';

type Tensor = tfjs.Tensor;

/** Name of the tfjs operation that a model's whole forward pass is. */
const KERNEL = 'AffectdModel';

interface Attributes {
  readonly outputs: readonly OutputArray[];
  backward(gradients: readonly Tensor[]): void;
}

/** Registers the operation for the backend that is active, once. */
function registerOperation(tf: Tfjs): void {
  const backendName = tf.getBackend();
  if (tf.getKernel(KERNEL, backendName)) return;
  tf.registerKernel({
    kernelName: KERNEL,
    backendName,
    kernelFunc: ({ attrs }) =>
      (attrs as unknown as Attributes).outputs.map(({ values, shape }) => tf.tensor(values, [...shape])),
  });
  if (!tf.getGradient(KERNEL))
    tf.registerGradient({
      kernelName: KERNEL,
      gradFunc: (dy, _, attrs) => ({
        handle: () => {
          (attrs as unknown as Attributes).backward(dy as Tensor[]);
          return tf.scalar(0);
        },
      }),
    });
}

/** Windows that plans are made for: sizes are rounded up, so that batches of nearly one size share a plan. */
function capacityFor(size: number, training: boolean): number {
  const step = training || size <= 8 ? 8 : 64;
  return size === 1 ? 1 : Math.ceil(size / step) * step;
}

/** Memory that training a model on batches of `rows` windows takes, bytes; none is taken to know it. */
export function trainingBytes(model: BoundModel, rows: number): number {
  return new Plan(model, capacityFor(rows, true), true).bytes;
}

/**
 * A model in WebAssembly kernels of our own: to tfjs, which losses are written in, its forward pass is one operation whose gradient
 * is computed outside. Parameters stay with the caller. Calls must not overlap.
 */
export class WasmModel {
  readonly #plans = new Map<string, Plan>();
  #last: Plan | null = null;

  /** `run` sees every call of a kernel, for profiles. */
  constructor(
    private readonly model: BoundModel,
    private readonly run?: Run,
  ) {}

  /** The model's outputs for a batch. */
  compute(batch: ModelBatch, parameters: Parameters): ModelValues<OutputArray> {
    return this.#plan(batch.size, false).forward(batch, parameters, null, this.run);
  }

  /**
   * The model's outputs as tensors. Where `handle`, any scalar, is something that tfjs differentiates by, {@link gradient}
   * gives the gradients of the parameters afterwards (that of the handle is 0).
   */
  values(
    tf: Tfjs,
    handle: Tensor,
    batch: ModelBatch,
    parameters: Parameters,
    training: PlanTraining | null,
  ): ModelValues<Tensor> {
    registerOperation(tf);
    const plan = this.#plan(batch.size, training !== null);
    const outputs = plan.forward(batch, parameters, training, this.run);
    this.#last = plan;
    const attributes: Attributes = {
      outputs: listOf(outputs),
      backward: (gradients) => {
        let next = 0;
        const arrays = mapValues(outputs, () => gradients[next++].dataSync() as Float32Array);
        plan.backward(arrays, this.run);
      },
    };
    const tensors: Tensor[] = tf
      .engine()
      .runKernel(KERNEL, { handle }, attributes as unknown as tfjs.NamedAttrMap);
    let next = 0;
    return mapValues(outputs, () => tensors[next++]);
  }

  /** A trainable parameter's gradient in the last batch that was differentiated; valid until the next. */
  gradient(name: string): Float32Array {
    return this.#last!.gradient(name);
  }

  #plan(size: number, training: boolean): Plan {
    const capacity = capacityFor(size, training);
    const key = `${capacity} ${training}`;
    let plan = this.#plans.get(key);
    if (!plan) {
      plan = new Plan(this.model, capacity, training);
      this.#plans.set(key, plan);
    }
    return plan;
  }
}
