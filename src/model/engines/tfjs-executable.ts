import type * as tfjs from '@tensorflow/tfjs';
import type { ModelBatch } from '../frames.js';
import { inputShape, outputNames } from '../networks/definition.js';
import { arraysOf, type Executable, type ExecutableModel, type ModelArrays } from './engine.js';
import { type Tfjs, TfjsGraph } from './tfjs-graph.js';

/** A batch as tensors by input name, `presence` among them. */
export function batchTensors(
  tf: Tfjs,
  model: ExecutableModel['model'],
  batch: ModelBatch,
): ReadonlyMap<string, tfjs.Tensor> {
  return new Map<string, tfjs.Tensor>([
    ['presence', tf.tensor2d(batch.presence, [batch.size, model.inputs.length])],
    ...model.inputs.map((input): [string, tfjs.Tensor] => [
      input.name,
      tf.tensor(batch.inputs.get(input.name)!, [batch.size, ...inputShape(input)]),
    ]),
  ]);
}

/** Values of tensors, row-major, in one transfer where they lie on a GPU. */
export async function readTensors(tf: Tfjs, tensors: readonly tfjs.Tensor[]): Promise<Float32Array[]> {
  if (tf.getBackend() !== 'webgpu') return tensors.map((tensor) => tensor.dataSync() as Float32Array);
  const all = tf.tidy(() => tf.concat1d(tensors.map((tensor) => tf.reshape(tensor, [-1]) as tfjs.Tensor1D)));
  const values = (await all.data()) as Float32Array;
  all.dispose();
  let at = 0;
  return tensors.map(({ size }) => {
    at += size;
    return values.subarray(at - size, at);
  });
}

/** Runs a model with the tfjs backend that `tf` has active when it is made. */
export class TfjsExecutable implements Executable {
  readonly #backend: string;
  readonly #parameters: ReadonlyMap<string, tfjs.Tensor>;
  readonly #transposed = new Map<string, tfjs.Tensor>();

  constructor(
    private readonly tf: Tfjs,
    private readonly model: ExecutableModel['model'],
    parameters: ExecutableModel['parameters'],
  ) {
    this.#backend = tf.getBackend();
    this.#parameters = new Map(
      model.parameters.map(({ name, shape }) => [name, tf.tensor(parameters.get(name)!, [...shape])]),
    );
  }

  async run(batch: ModelBatch): Promise<ModelArrays> {
    if (this.tf.getBackend() !== this.#backend) await this.tf.setBackend(this.#backend);
    const values = this.tf.tidy(() => {
      const inputs = batchTensors(this.tf, this.model, batch);
      const graph = new TfjsGraph(this.tf, {
        input: (name) => inputs.get(name)!,
        parameter: (name) => this.#parameters.get(name)!,
        transposed: (name) => this.#transpose(name),
      });
      const values = this.model.forward(graph);
      return outputNames.map((name) => values[name] ?? this.tf.tensor1d([]));
    });
    const arrays = await readTensors(this.tf, values);
    this.tf.dispose(values);
    return arraysOf((name) => arrays[outputNames.indexOf(name)]);
  }

  async dispose(): Promise<void> {
    this.tf.dispose([...this.#parameters.values(), ...this.#transposed.values()]);
  }

  #transpose(name: string): tfjs.Tensor {
    let transposed = this.#transposed.get(name);
    if (!transposed) {
      transposed = this.tf.keep(this.tf.transpose(this.#parameters.get(name)!));
      this.#transposed.set(name, transposed);
    }
    return transposed;
  }
}
