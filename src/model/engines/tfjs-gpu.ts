import type { Engine } from './engine.js';
import { TfjsExecutable } from './tfjs-executable.js';
import { loadTfjsNode } from './tfjs-node.js';

/** TensorFlow on a CUDA GPU, for those who add its package (docs/explanation/engines.md); throws elsewhere. */
export async function createTfjsGpuEngine(): Promise<Engine> {
  const tf = await loadTfjsNode('@tensorflow/tfjs-node-gpu');
  return {
    name: 'tfjs-gpu',
    detail: `tfjs-node-gpu ${tf.version.tfjs}`,
    load: async ({ model, parameters }) => new TfjsExecutable(tf, model, parameters),
  };
}
