import type { TrainingEngineName } from '../../model/engines/training-engine.js';
import { trainingBytes } from '../../model/engines/wasm/wasm-model.js';
import type { BoundModel } from '../../model/networks/definition.js';

/** What 32-bit addresses reach. */
const WASM_BYTES = 4 * 1024 * 1024 * 1024;

/**
 * Why a model can't be trained with an engine, one line each: convolutions over images leave more behind for their gradients than
 * WebAssembly's memory holds. Known before any image is read.
 */
export function engineProblems(engine: TrainingEngineName, model: BoundModel, batch_size: number): string[] {
  if (engine !== 'wasm' || !model.inputs.some(({ kind }) => kind === 'image')) return [];
  // Memory grows evenly with the batch; laying out a large one would take long.
  const [eight, sixteen] = [trainingBytes(model, 8), trainingBytes(model, 16)];
  const bytes = eight + (Math.ceil(batch_size / 8) - 1) * (sixteen - eight);
  if (bytes <= WASM_BYTES) return [];
  const size = (bytes / 1e9).toFixed(1);
  return [
    `training ${model.type} on batches of ${batch_size} takes ${size} GB, and the engine wasm has 4.3: add a GPU's engine (docs/explanation/engines.md) and name it with --engine, or lower fit.batch_size or settings.stages`,
  ];
}
