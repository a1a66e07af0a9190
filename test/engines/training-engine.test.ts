import { describe, expect, it } from 'vitest';
import { loadTfjsWasm } from '../../src/engines/tfjs-wasm.js';
import { chooseTrainingEngine } from '../../src/engines/training-engine.js';

const missing = async (): Promise<never> => {
  throw Object.assign(new Error("Cannot find package '@tensorflow/...'"), { code: 'ERR_MODULE_NOT_FOUND' });
};
const broken = async (): Promise<never> => {
  throw new Error('TensorFlow finds no CUDA device\nand a stack');
};

describe('chooseTrainingEngine', () => {
  it('takes TensorFlow on a GPU, then on the CPU, then WebAssembly', async () => {
    const all = { 'tfjs-gpu': loadTfjsWasm, 'tfjs-node': loadTfjsWasm, wasm: loadTfjsWasm };
    expect(await chooseTrainingEngine(all)).toMatchObject({ name: 'tfjs-gpu', unavailable: [] });
    expect(await chooseTrainingEngine({ ...all, 'tfjs-gpu': broken })).toMatchObject({
      name: 'tfjs-node',
      unavailable: [{ name: 'tfjs-gpu', reason: 'TensorFlow finds no CUDA device' }],
    });
    const { name, unavailable } = await chooseTrainingEngine({
      ...all,
      'tfjs-gpu': broken,
      'tfjs-node': missing,
    });
    expect(name).toBe('wasm');
    expect(unavailable.map(({ reason }) => reason)).toEqual([
      'TensorFlow finds no CUDA device',
      'its package is not installed',
    ]);
  });

  it('finds WebAssembly on every machine', async () => {
    const { tf } = await chooseTrainingEngine({
      'tfjs-gpu': missing,
      'tfjs-node': missing,
      wasm: loadTfjsWasm,
    });
    expect(tf.getBackend()).toBe('wasm');
  });
});
