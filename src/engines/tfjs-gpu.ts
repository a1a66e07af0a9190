import util from 'node:util';
import type { Engine } from './engine.js';
import { TfjsExecutable } from './tfjs-executable.js';
import type { Tfjs } from './tfjs-graph.js';

/** Named indirectly: the package is an optional peer, which no build may need. */
const PACKAGE: string = '@tensorflow/tfjs-node-gpu';

/** TensorFlow on a CUDA GPU, for those who add its package (docs/explanation/engines.md); throws elsewhere. */
export async function createTfjsGpuEngine(): Promise<Engine> {
  // Its 4.22.0 still calls this function, which Node 23 removed.
  const legacy = util as typeof util & { isNullOrUndefined?: (value: unknown) => boolean };
  legacy.isNullOrUndefined ??= (value) => value === null || value === undefined;
  const tf: Tfjs = await import(PACKAGE);
  tf.enableProdMode();
  await tf.ready();
  const backend = tf.backend() as { isGPUPackage?: boolean; isUsingGpuDevice?: boolean };
  if (backend.isUsingGpuDevice === false) throw new Error('TensorFlow finds no CUDA device');
  return {
    name: 'tfjs-gpu',
    detail: `tfjs-node-gpu ${tf.version.tfjs}`,
    load: async ({ model, parameters }) => new TfjsExecutable(tf, model, parameters),
  };
}
