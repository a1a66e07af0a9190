import { beforeAll, describe, expect, it } from 'vitest';
import { TfjsDifferentiable } from '../../../src/model/engines/differentiable.js';
import type { Tfjs } from '../../../src/model/engines/tfjs-graph.js';
import { TfjsModel } from '../../../src/model/engines/tfjs-model.js';
import { loadTfjsWasm } from '../../../src/model/engines/tfjs-wasm.js';
import { listOf } from '../../../src/model/engines/wasm/plan.js';
import { difference, differentiateAll, lossGradients } from './differentiate.js';
import { referenceModel } from './reference-model.js';

let tf: Tfjs;
beforeAll(async () => {
  tf = await loadTfjsWasm();
});

describe('TfjsModel', () => {
  it("gives tfjs's own gradients, though the losses' are told later", async () => {
    const { model, parameters, batch } = referenceModel('windows');
    const expected = differentiateAll(tf, model, new TfjsDifferentiable(tf, model), batch, parameters);
    const before = tf.memory().numTensors;
    const apart = new TfjsModel(tf, model);
    const { outputs, statistics } = await apart.forward(batch, parameters, 1);
    const { loss, gradients } = lossGradients(tf, listOf(outputs));
    const found = await apart.backward(gradients);
    expect(loss).toBeCloseTo(expected.loss, 4);
    const names = model.parameters.filter(({ trainable }) => trainable).map(({ name }) => name);
    expect(found).toHaveLength(names.length);
    for (const [i, name] of names.entries())
      expect(difference(found[i], expected.gradients.get(name)!), name).toBeLessThan(1e-5);
    expect(statistics.map(([name]) => name)).toEqual([...expected.statistics.keys()]);
    for (const [name, mean, variance] of statistics)
      expect([...mean, ...variance]).toEqual(expected.statistics.get(name));
    expect(tf.memory().numTensors).toBe(before);
  });

  it('keeps nothing of a pass that nobody differentiates, nor of one that is not trained', async () => {
    const { model, parameters, batch } = referenceModel('benchmark');
    const before = tf.memory().numTensors;
    const apart = new TfjsModel(tf, model);
    await apart.forward(batch, parameters, 1);
    await apart.forward(batch, parameters, 1);
    const { outputs, statistics, masks } = await apart.forward(batch, parameters, null);
    expect(tf.memory().numTensors).toBe(before);
    expect(statistics).toEqual([]);
    expect(masks).toBe(0);
    expect(outputs.heads!.shape[0]).toBe(batch.size);
  });

  it('draws the same dropout for the same seed, and says how many masks it drew', async () => {
    const { model, parameters, batch } = referenceModel('windows');
    const apart = new TfjsModel(tf, model);
    const headsOf = async (seed: number) => {
      const { outputs, masks } = await apart.forward(batch, parameters, seed);
      return { heads: [...outputs.heads!.values], masks };
    };
    const [first, again] = [await headsOf(3), await headsOf(3)];
    expect(again).toEqual(first);
    expect(first.masks).toBe(2);
    expect(await headsOf(4)).not.toEqual(first);
  });
});
