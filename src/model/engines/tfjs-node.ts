import util from 'node:util';
import type { Tfjs } from './tfjs-graph.js';

/** Packages that bring TensorFlow's own library: on a CUDA GPU, or on the CPU. Both are optional peers. */
export type TensorflowPackage = '@tensorflow/tfjs-node-gpu' | '@tensorflow/tfjs-node';

/** tfjs with TensorFlow's library active; throws where the package is not installed, or finds no GPU. */
export async function loadTfjsNode(name: TensorflowPackage): Promise<Tfjs> {
  // Their 4.22.0 still calls this function, which Node 23 removed.
  const legacy = util as typeof util & { isNullOrUndefined?: (value: unknown) => boolean };
  legacy.isNullOrUndefined ??= (value) => value === null || value === undefined;
  // Named indirectly: no build may need the package.
  const specifier: string = name;
  const tf: Tfjs = await import(specifier);
  tf.enableProdMode();
  await tf.ready();
  const backend = tf.backend() as { isUsingGpuDevice?: boolean };
  if (name.endsWith('-gpu') && backend.isUsingGpuDevice === false)
    throw new Error('TensorFlow finds no CUDA device');
  return tf;
}
