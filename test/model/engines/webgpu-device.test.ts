import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { differentiable } from '../../../src/model/engines/differentiable.js';
import type { Tfjs } from '../../../src/model/engines/tfjs-graph.js';
import { loadTfjsWasm } from '../../../src/model/engines/tfjs-wasm.js';
import { WebgpuDevice } from '../../../src/model/engines/webgpu-device.js';
import { difference, differentiateAll } from './differentiate.js';
import { drawnModel, references } from './reference-model.js';
import { withoutWebgpu } from './webgpu.js';

const missing = await withoutWebgpu();

describe('WebgpuDevice', () => {
  it('tells in one line why it does not start', async () => {
    const tf = await loadTfjsWasm();
    const program = new URL(
      `data:text/javascript,import { workerData } from 'node:worker_threads'; workerData.port.postMessage({ kind: 'failed', reason: 'no driver gives a GPU' });`,
    );
    await expect(WebgpuDevice.start(tf, program)).rejects.toThrow('no driver gives a GPU');
    const dying = new URL('data:text/javascript,process.exit(3)');
    await expect(WebgpuDevice.start(tf, dying)).rejects.toThrow('its thread ended');
  });

  it('throws what its thread answers to a question', async () => {
    const tf = await loadTfjsWasm();
    const program = new URL(
      `data:text/javascript,import { workerData } from 'node:worker_threads'; const { port, answered } = workerData; port.on('message', () => { port.postMessage({ kind: 'failed', reason: 'out of memory' }); Atomics.store(answered, 0, 1); Atomics.notify(answered, 0); }); port.postMessage({ kind: 'ready', adapter: 'a GPU', software: false });`,
    );
    const device = await WebgpuDevice.start(tf, program);
    const { model, parameters, batch } = drawnModel('hi-moe', references.benchmark);
    expect(() => device.forward(model, batch, parameters, null)).toThrow('a GPU: out of memory');
    await device.close();
  });
});

describe.skipIf(missing !== null)(`WebgpuDevice on this machine's adapter (${missing ?? 'found'})`, () => {
  let tf: Tfjs;
  let device: WebgpuDevice;
  beforeAll(async () => {
    tf = await loadTfjsWasm();
    device = await WebgpuDevice.start(tf);
  });
  afterAll(() => device?.close());

  // Dropout's numbers are each executor's own.
  const still = JSON.parse(JSON.stringify(references), (key, value) =>
    key === 'dropout' ? 0 : value,
  ) as typeof references;

  it.each(['benchmark', 'windows'] as const)(
    'computes and differentiates "%s" as the kernels of our own do',
    async (name) => {
      const { model, parameters, batch } = drawnModel('hi-moe', still[name]);
      const { heads } = await device.executable(model, parameters).run(batch);
      expect(difference(heads, references[name].heads.flat())).toBeLessThan(1e-5);
      const [expected, found] = [differentiable(tf, model), device.differentiable(model)].map((network) =>
        differentiateAll(tf, model, network, batch, parameters),
      );
      expect(difference([found.loss], [expected.loss])).toBeLessThan(1e-5);
      expect([...found.statistics.keys()]).toEqual([...expected.statistics.keys()]);
      for (const [parameter, gradient] of expected.gradients) {
        // What is nothing but rounding (a bias that a softmax takes out again) says nothing.
        if (Math.max(...gradient.map(Math.abs)) < 1e-4) continue;
        expect(difference(found.gradients.get(parameter)!, gradient), parameter).toBeLessThan(1e-4);
      }
    },
    600_000,
  );
});
