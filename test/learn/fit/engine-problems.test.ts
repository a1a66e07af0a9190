import { describe, expect, it } from 'vitest';
import { engineProblems } from '../../../src/learn/fit/engine-problems.js';
import { trainingBytes } from '../../../src/model/engines/wasm/wasm-model.js';
import { bindModel } from '../../../src/model/networks/definition.js';
import { prnet } from '../../../src/model/networks/prnet.js';
import { prnetImage } from '../../../src/model/networks/prnet-image.js';
import { inputSpec } from '../../model/engines/reference-model.js';

const images = (stages: readonly number[], size: number) =>
  bindModel(prnetImage, prnetImage.settings.parse({ stages, features: 8, heads: ['valence'] }), [
    inputSpec('face', [size, size, 3]),
  ]);

describe('what an engine can’t train', () => {
  it('is a network of images that leaves WebAssembly’s memory no room, told with its size', () => {
    const [problem] = engineProblems('wasm', images([64, 64], 64), 256);
    expect(problem).toMatch(/batches of 256 takes \d+\.\d GB, and the engine wasm has 4\.3/);
    expect(engineProblems('tfjs-gpu', images([64, 64], 64), 256)).toEqual([]);
    expect(engineProblems('tfjs-webgpu', images([64, 64], 64), 256)).toEqual([]);
  });

  it('is nothing that fits', () => {
    expect(engineProblems('wasm', images([4, 4], 16), 64)).toEqual([]);
    const features = bindModel(prnet, prnet.settings.parse({ heads: ['valence'] }), [inputSpec('eeg', [9])]);
    expect(engineProblems('wasm', features, 1e6)).toEqual([]);
  });

  it('is told of a batch as large as laying it out would need', () => {
    const model = images([8, 8], 32);
    const told = Number(/takes ([\d.]+) GB/.exec(engineProblems('wasm', model, 8000)[0])![1]);
    const perWindow = (trainingBytes(model, 256) - trainingBytes(model, 128)) / 128;
    expect(Math.abs((told * 1e9) / 8000 / perWindow - 1)).toBeLessThan(0.02);
  });
});
