import { createRequire } from 'node:module';
import { dirname, sep } from 'node:path';
import type { Engine } from './engine.js';
import { TfjsExecutable } from './tfjs-executable.js';
import type { Tfjs } from './tfjs-graph.js';

/** tfjs with its WebAssembly backend active. The backend's files come with its package: no network. */
export async function loadTfjsWasm(): Promise<Tfjs> {
  const tf: Tfjs = await import('@tensorflow/tfjs');
  const wasm = await import('@tensorflow/tfjs-backend-wasm');
  tf.enableProdMode();
  if (tf.getBackend() !== 'wasm') {
    const main = createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm');
    // Only before its first start; another backend may have been active since.
    if (!('wasm' in tf.engine().registry)) wasm.setWasmPaths(dirname(main) + sep);
    if (!(await tf.setBackend('wasm'))) throw new Error('the WebAssembly backend does not start');
  }
  await tf.ready();
  return tf;
}

/** tfjs on WebAssembly (SIMD, one thread): slower than ONNX Runtime, but runs wherever Node runs. */
export async function createTfjsWasmEngine(): Promise<Engine> {
  const tf = await loadTfjsWasm();
  return {
    name: 'tfjs-wasm',
    detail: `tfjs ${tf.version.tfjs}, WebAssembly`,
    load: async ({ model, parameters }) => new TfjsExecutable(tf, model, parameters),
  };
}
