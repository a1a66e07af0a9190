import { describe, expect, it } from 'vitest';
import { ConfigurationError } from '../../../src/core/errors.js';
import { localDevice } from '../../../src/model/engines/differentiable.js';
import { loadTfjsWasm } from '../../../src/model/engines/tfjs-wasm.js';
import { chooseTrainingEngine } from '../../../src/model/engines/training-engine.js';

const missing = async (): Promise<never> => {
  throw Object.assign(new Error("Cannot find package '@tensorflow/...'"), { code: 'ERR_MODULE_NOT_FOUND' });
};
const broken = async (): Promise<never> => {
  throw new Error('TensorFlow finds no CUDA device\nand a stack');
};
const works = async () => {
  const tf = await loadTfjsWasm();
  return { tf, device: localDevice(tf) };
};
const all = { 'tfjs-gpu': works, 'tfjs-node': works, wasm: works, 'tfjs-webgpu': works };

describe('chooseTrainingEngine', () => {
  it('takes TensorFlow on a GPU, then on the CPU, then WebAssembly', async () => {
    expect(await chooseTrainingEngine('auto', all)).toMatchObject({ name: 'tfjs-gpu', unavailable: [] });
    expect(await chooseTrainingEngine('auto', { ...all, 'tfjs-gpu': broken })).toMatchObject({
      name: 'tfjs-node',
      unavailable: [{ name: 'tfjs-gpu', reason: 'TensorFlow finds no CUDA device' }],
    });
    const { name, unavailable } = await chooseTrainingEngine('auto', {
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
    const { tf } = await chooseTrainingEngine('wasm');
    expect(tf.getBackend()).toBe('wasm');
  });

  it('uses what is named, or refuses', async () => {
    expect(await chooseTrainingEngine('tfjs-webgpu', all)).toMatchObject({ name: 'tfjs-webgpu' });
    const refused = chooseTrainingEngine('tfjs-webgpu', { ...all, 'tfjs-webgpu': missing });
    await expect(refused).rejects.toBeInstanceOf(ConfigurationError);
    await expect(refused).rejects.toThrow('tfjs-webgpu: its package is not installed');
  });
});
