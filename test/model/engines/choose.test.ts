import { describe, expect, it } from 'vitest';
import { ConfigurationError } from '../../../src/core/errors.js';
import { chooseEngine, type EngineFactories, probeEngines } from '../../../src/model/engines/choose.js';
import type { Engine, EngineName } from '../../../src/model/engines/engine.js';

function factories(...running: EngineName[]): EngineFactories {
  const make = (name: EngineName) => async (): Promise<Engine> => {
    if (!running.includes(name)) throw new Error(`${name} has no binary\nand a stack`);
    return { name, detail: `${name} 1.0`, load: () => Promise.reject(new Error('not asked')) };
  };
  return {
    'tfjs-gpu': make('tfjs-gpu'),
    onnx: make('onnx'),
    'tfjs-wasm': make('tfjs-wasm'),
    'tfjs-webgpu': make('tfjs-webgpu'),
  };
}

describe('chooseEngine', () => {
  it.each<[EngineName[], EngineName, number]>([
    [['tfjs-gpu', 'onnx', 'tfjs-wasm'], 'tfjs-gpu', 0],
    [['onnx', 'tfjs-wasm'], 'onnx', 1],
    [['tfjs-wasm'], 'tfjs-wasm', 2],
  ])('of %j takes %s', async (running, chosen, passed) => {
    const { engine, unavailable } = await chooseEngine('auto', factories(...running));
    expect(engine.name).toBe(chosen);
    expect(unavailable).toHaveLength(passed);
  });

  it('serves through WebGPU where that is named, and never by itself', async () => {
    const { engine } = await chooseEngine('tfjs-webgpu', factories('tfjs-webgpu', 'onnx'));
    expect(engine.name).toBe('tfjs-webgpu');
    await expect(chooseEngine('auto', factories('tfjs-webgpu'))).rejects.toThrow('no engine runs here');
  });

  it('does not fall back from an engine that was named', async () => {
    const failure = chooseEngine('tfjs-gpu', factories('onnx'));
    await expect(failure).rejects.toBeInstanceOf(ConfigurationError);
    await expect(failure).rejects.toThrow(/tfjs-gpu: tfjs-gpu has no binary\)/);
  });
});

describe('probeEngines', () => {
  it('tells of each whether it runs and why not', async () => {
    expect(await probeEngines(factories('onnx'))).toEqual([
      { name: 'tfjs-gpu', available: false, reason: 'tfjs-gpu has no binary' },
      { name: 'onnx', available: true, reason: 'onnx 1.0' },
      { name: 'tfjs-wasm', available: false, reason: 'tfjs-wasm has no binary' },
      { name: 'tfjs-webgpu', available: false, reason: 'tfjs-webgpu has no binary' },
    ]);
  });

  it('finds tfjs-wasm on every machine', async () => {
    const wasm = (await probeEngines()).find(({ name }) => name === 'tfjs-wasm');
    expect(wasm).toMatchObject({ available: true });
  });
});
