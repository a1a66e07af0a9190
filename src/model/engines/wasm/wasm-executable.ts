import type { ModelBatch } from '../../frames.js';
import { type BoundModel, inputShape } from '../../networks/definition.js';
import { type Parameters, sizeOf } from '../../networks/parameters.js';
import { arraysOf, type Executable, joinedArrays, type ModelArrays } from '../engine.js';
import { WasmModel } from './wasm-model.js';

/** Windows computed at once: the memory that a pass needs grows with them, its speed no more. */
const AT_ONCE = 64;

/** Runs a model in WebAssembly kernels of our own. What a window gives does not depend on the others of its batch. */
export class WasmExecutable implements Executable {
  readonly #wasm: WasmModel;

  constructor(
    private readonly model: BoundModel,
    private readonly parameters: Parameters,
  ) {
    this.#wasm = new WasmModel(model);
  }

  async run(batch: ModelBatch): Promise<ModelArrays> {
    const parts: ModelArrays[] = [];
    for (let from = 0; from < batch.size; from += AT_ONCE) {
      const values = this.#wasm.compute(this.#rows(batch, from), this.parameters);
      parts.push(arraysOf((name) => values[name]?.values ?? new Float32Array(0)));
    }
    return joinedArrays(parts);
  }

  async dispose(): Promise<void> {}

  #rows(batch: ModelBatch, from: number): ModelBatch {
    const to = Math.min(from + AT_ONCE, batch.size);
    const cut = (values: Float32Array, width: number): Float32Array =>
      values.subarray(from * width, to * width);
    return {
      size: to - from,
      presence: cut(batch.presence, this.model.inputs.length),
      inputs: new Map(
        this.model.inputs.map((input) => [
          input.name,
          cut(batch.inputs.get(input.name)!, sizeOf(inputShape(input))),
        ]),
      ),
    };
  }
}
