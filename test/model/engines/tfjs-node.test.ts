import { afterEach, describe, expect, it, vi } from 'vitest';
import { reasonOf } from '../../../src/model/engines/choose.js';
import { loadTfjsNode, type TensorflowPackage } from '../../../src/model/engines/tfjs-node.js';
import { chooseTrainingEngine } from '../../../src/model/engines/training-engine.js';

/** What of the packages is used before a model is: their start, and whether they found a device. */
function install(name: TensorflowPackage, isUsingGpuDevice: boolean): string[] {
  const calls: string[] = [];
  vi.doMock(name, () => ({
    enableProdMode: () => calls.push('enableProdMode'),
    ready: async () => calls.push('ready'),
    backend: () => ({ isUsingGpuDevice }),
    getBackend: () => 'tensorflow',
  }));
  return calls;
}

afterEach(() => {
  vi.doUnmock('@tensorflow/tfjs-node-gpu');
  vi.doUnmock('@tensorflow/tfjs-node');
});

describe('loadTfjsNode', () => {
  it('takes the GPU package where it found a device', async () => {
    const calls = install('@tensorflow/tfjs-node-gpu', true);
    expect((await loadTfjsNode('@tensorflow/tfjs-node-gpu')).getBackend()).toBe('tensorflow');
    expect(calls).toEqual(['enableProdMode', 'ready']);
    expect((await chooseTrainingEngine()).name).toBe('tfjs-gpu');
  });

  it('refuses the GPU package where it computes on the CPU', async () => {
    install('@tensorflow/tfjs-node-gpu', false);
    await expect(loadTfjsNode('@tensorflow/tfjs-node-gpu')).rejects.toThrow(
      'TensorFlow finds no CUDA device',
    );
  });

  it('asks no device of the package for CPUs', async () => {
    install('@tensorflow/tfjs-node', false);
    expect((await loadTfjsNode('@tensorflow/tfjs-node')).getBackend()).toBe('tensorflow');
  });

  it('says so where a package is not installed', async () => {
    const failure = await loadTfjsNode('@tensorflow/tfjs-nowhere' as TensorflowPackage).catch(reasonOf);
    expect(failure).toBe('its package is not installed');
  });
});
