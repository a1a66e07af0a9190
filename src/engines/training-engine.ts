import { reasonOf, type Unavailable } from './choose.js';
import type { Tfjs } from './tfjs-graph.js';
import { loadTfjsNode } from './tfjs-node.js';
import { loadTfjsWasm } from './tfjs-wasm.js';

/** In the order in which they are tried. */
const trainingEngineNames = ['tfjs-gpu', 'tfjs-node', 'wasm'] as const;
type TrainingEngineName = (typeof trainingEngineNames)[number];

/** What models are trained with. */
export interface TrainingEngine {
  readonly name: TrainingEngineName;
  readonly tf: Tfjs;
  /** Those before it that do not run here, and why. */
  readonly unavailable: readonly (Omit<Unavailable, 'name'> & { readonly name: TrainingEngineName })[];
}

const loaders: Readonly<Record<TrainingEngineName, () => Promise<Tfjs>>> = {
  'tfjs-gpu': () => loadTfjsNode('@tensorflow/tfjs-node-gpu'),
  'tfjs-node': () => loadTfjsNode('@tensorflow/tfjs-node'),
  wasm: loadTfjsWasm,
};

/**
 * TensorFlow where one of its packages is installed and starts, on a GPU before the CPU; else kernels of our own in WebAssembly,
 * which run wherever Node runs.
 */
export async function chooseTrainingEngine(load = loaders): Promise<TrainingEngine> {
  const unavailable: TrainingEngine['unavailable'][number][] = [];
  for (const name of trainingEngineNames.slice(0, -1)) {
    try {
      return { name, tf: await load[name](), unavailable };
    } catch (error) {
      unavailable.push({ name, reason: reasonOf(error) });
    }
  }
  return { name: 'wasm', tf: await load.wasm(), unavailable };
}
