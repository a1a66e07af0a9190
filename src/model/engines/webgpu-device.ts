import { once } from 'node:events';
import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from 'node:worker_threads';
import type * as tfjs from '@tensorflow/tfjs';
import { AffectdError } from '../../core/errors.js';
import type { ModelBatch } from '../frames.js';
import type { BoundModel, InputSpec, ModelValues } from '../networks/definition.js';
import type { Parameters } from '../networks/parameters.js';
import type {
  Differentiable,
  Differentiated,
  Loss,
  Pass,
  TrainingDevice,
  TrainingPass,
} from './differentiable.js';
import { arraysOf, type Executable } from './engine.js';
import type { Tfjs } from './tfjs-graph.js';
import type { ForwardPass } from './tfjs-model.js';
import { listOf, mapValues, type OutputArray } from './wasm/plan.js';
import { workerFile } from './worker-file.js';

type Tensor = tfjs.Tensor;

export interface GpuWorkerData {
  readonly port: MessagePort;
  /** 1 once the answer to the last question has been sent. */
  readonly answered: Int32Array;
}

export type GpuQuestion =
  | {
      readonly kind: 'model';
      readonly type: string;
      readonly settings: unknown;
      readonly inputs: readonly InputSpec[];
    }
  | {
      readonly kind: 'forward';
      readonly batch: ModelBatch;
      readonly parameters: Parameters;
      readonly seed: number | null;
    }
  | { readonly kind: 'backward'; readonly gradients: readonly Float32Array[] };

export type GpuAnswer =
  | { readonly kind: 'ready'; readonly adapter: string }
  | { readonly kind: 'bound' }
  | ({ readonly kind: 'forward' } & ForwardPass)
  | { readonly kind: 'backward'; readonly gradients: readonly Float32Array[] }
  | { readonly kind: 'failed'; readonly reason: string };

/** Longest that one pass may take, ms; the first compiles every kernel. */
const PATIENCE_MS = 600_000;

/**
 * A GPU through WebGPU, in a thread of its own: its results come from an event loop, and training waits for them as it
 * waits for its own arithmetic. Calls must not overlap.
 */
export class WebgpuDevice implements TrainingDevice {
  #model: BoundModel | null = null;

  private constructor(
    private readonly tf: Tfjs,
    private readonly worker: Worker,
    private readonly port: MessagePort,
    private readonly answered: Int32Array,
    /** What the adapter is called. */
    readonly adapter: string,
  ) {}

  /** Starts the thread; throws where WebGPU's packages are not installed or no driver gives a GPU. `tf` computes losses. */
  static async start(
    tf: Tfjs,
    program = workerFile('training-worker', import.meta.url),
  ): Promise<WebgpuDevice> {
    const { port1: port, port2 } = new MessageChannel();
    const answered = new Int32Array(new SharedArrayBuffer(4));
    const worker = new Worker(program, {
      workerData: { port: port2, answered } satisfies GpuWorkerData,
      transferList: [port2],
      execArgv: [],
    });
    const [answer] = (await Promise.race([
      once(port, 'message'),
      once(worker, 'exit').then(() => [{ kind: 'failed', reason: 'its thread ended' }]),
    ])) as [GpuAnswer];
    // An idle device does not keep the process.
    worker.unref();
    port.unref();
    if (answer.kind === 'ready') return new WebgpuDevice(tf, worker, port, answered, answer.adapter);
    await worker.terminate();
    throw new Error(answer.kind === 'failed' ? answer.reason : 'its thread answers something else');
  }

  differentiable(model: BoundModel): Differentiable {
    return new WebgpuDifferentiable(this.tf, model, this);
  }

  executable(model: BoundModel, parameters: Parameters): Executable {
    return {
      run: async (batch) => {
        const { outputs } = this.forward(model, batch, parameters, null);
        return arraysOf((name) => outputs[name]?.values ?? new Float32Array(0));
      },
      dispose: async () => {},
    };
  }

  async close(): Promise<void> {
    await this.worker.terminate();
  }

  /** As {@link TfjsModel.forward}. */
  forward(model: BoundModel, batch: ModelBatch, parameters: Parameters, seed: number | null): ForwardPass {
    if (this.#model !== model) {
      const { type, settings, inputs } = model;
      this.#ask({ kind: 'model', type, settings, inputs }, 'bound');
      this.#model = model;
    }
    return this.#ask({ kind: 'forward', batch, parameters, seed }, 'forward');
  }

  /** As {@link TfjsModel.backward}, of the model that the last {@link forward} computed. */
  backward(gradients: readonly Float32Array[]): readonly Float32Array[] {
    return this.#ask({ kind: 'backward', gradients }, 'backward').gradients;
  }

  #ask<K extends GpuAnswer['kind']>(question: GpuQuestion, _: K): Extract<GpuAnswer, { kind: K }> {
    Atomics.store(this.answered, 0, 0);
    this.port.postMessage(question);
    if (Atomics.wait(this.answered, 0, 0, PATIENCE_MS) === 'timed-out')
      throw new AffectdError('model-failed', `${this.adapter} has not answered for ${PATIENCE_MS / 1000} s`);
    const { message } = receiveMessageOnPort(this.port) as { message: GpuAnswer };
    if (message.kind === 'failed')
      throw new AffectdError('model-failed', `${this.adapter}: ${message.reason}`);
    return message as Extract<GpuAnswer, { kind: K }>;
  }
}

/** Leaves the model to a {@link WebgpuDevice}, and the losses to tfjs. */
class WebgpuDifferentiable implements Differentiable {
  readonly #names: readonly string[];

  constructor(
    private readonly tf: Tfjs,
    private readonly model: BoundModel,
    private readonly device: WebgpuDevice,
  ) {
    this.#names = model.parameters.filter(({ trainable }) => trainable).map(({ name }) => name);
  }

  values({ batch, parameters }: Pass): ModelValues<Tensor> {
    return this.#tensors(this.device.forward(this.model, batch, parameters, null).outputs);
  }

  differentiate(
    { batch, parameters }: Pass,
    training: TrainingPass,
    others: readonly Tensor[],
    loss: Loss,
  ): Differentiated {
    const { tf } = this;
    const seed = training.nextSeed();
    const { outputs, statistics, masks } = this.device.forward(this.model, batch, parameters, seed);
    for (let mask = 1; mask < masks; mask++) training.nextSeed();
    for (const [name, mean, variance] of statistics) training.observe(name, mean, variance);
    const values = this.#tensors(outputs);
    const leaves = listOf(values);
    const { value, grads } = tf.valueAndGrads((...args: Tensor[]) => {
      let next = 0;
      const own = mapValues(values, () => args[next++]);
      // What no loss looks at has a gradient of 0, and not none.
      const seen = args.slice(0, leaves.length).map((leaf) => tf.mul(tf.sum(leaf), 0));
      return tf.addN([loss(own, args.slice(leaves.length)), ...seen]);
    })([...leaves, ...others]);
    const arrays = grads.map((gradient) => gradient.dataSync() as Float32Array);
    const gradients = this.device.backward(arrays.slice(0, leaves.length));
    return {
      loss: (value.dataSync() as Float32Array)[0],
      gradients: new Map(this.#names.map((name, i) => [name, gradients[i]])),
      others: arrays.slice(leaves.length),
    };
  }

  #tensors(outputs: ModelValues<OutputArray>): ModelValues<Tensor> {
    return mapValues(outputs, ({ values, shape }) => this.tf.tensor(values, [...shape]));
  }
}
