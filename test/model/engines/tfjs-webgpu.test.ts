import { describe, expect, it } from 'vitest';
import { ConfigurationError } from '../../../src/core/errors.js';
import { chooseEngine, probeEngines } from '../../../src/model/engines/choose.js';
import { writeOnnx } from '../../../src/model/engines/onnx-writer.js';
import { createTfjsWebgpuEngine, loadTfjsWebgpu } from '../../../src/model/engines/tfjs-webgpu.js';
import { difference } from './differentiate.js';
import { referenceModel } from './reference-model.js';
import { withoutWebgpu } from './webgpu.js';

const missing = await withoutWebgpu();

describe('tfjs-webgpu', () => {
  it('is an engine where a driver gives an adapter, and a reason in one line where none does', async () => {
    const probe = (await probeEngines()).find(({ name }) => name === 'tfjs-webgpu')!;
    expect(probe.available).toBe(missing === null);
    expect(probe.reason).toMatch(/^\S.*$/);
  });
});

describe.skipIf(missing === null)('tfjs-webgpu without an adapter', () => {
  it('refuses to serve', async () => {
    const refused = chooseEngine('tfjs-webgpu');
    await expect(refused).rejects.toBeInstanceOf(ConfigurationError);
    await expect(refused).rejects.toThrow(missing!);
  });
});

describe.skipIf(missing !== null)(`tfjs-webgpu on this machine's adapter (${missing ?? 'found'})`, () => {
  it('gives the outputs of a float64 reference to 1e-5, call after call, and keeps no tensor', async () => {
    const { tf } = await loadTfjsWebgpu();
    const { model, parameters, batch, reference } = referenceModel('benchmark');
    const executable = await (await createTfjsWebgpuEngine()).load({
      model,
      parameters,
      onnx: writeOnnx(model, parameters),
    });
    await executable.run(batch);
    const before = tf.memory().numTensors;
    for (let call = 0; call < 3; call++) {
      const { heads, weights, routing } = await executable.run(batch);
      expect(difference(heads, reference.heads.flat())).toBeLessThan(1e-5);
      expect(difference(weights, reference.weights.flat())).toBeLessThan(1e-5);
      expect(difference(routing, reference.routing.flat())).toBeLessThan(1e-5);
    }
    expect(tf.memory().numTensors).toBe(before);
    await executable.dispose();
  }, 300_000);
});
