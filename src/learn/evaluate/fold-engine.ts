import type { TrainingDevice } from '../../model/engines/differentiable.js';
import type { Tfjs } from '../../model/engines/tfjs-graph.js';
import { loadTfjsWasm } from '../../model/engines/tfjs-wasm.js';
import type { FitProgress } from '../fit/fit.js';

/** What folds are trained with, and whom their training tells. */
export interface FoldEngine {
  readonly tf: Tfjs;
  /** What computes the model; default: `tf`, in this thread. */
  readonly device?: TrainingDevice;
  readonly epoch?: FitProgress['epoch'];
}

/** Our own kernels in this thread: what every thread has. */
export async function wasmFoldEngine(): Promise<FoldEngine> {
  return { tf: await loadTfjsWasm() };
}
