import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { writeOnnx } from '../../../src/model/engines/onnx-writer.js';
import type { ModelBatch } from '../../../src/model/frames.js';
import { countParameters } from '../../../src/model/networks/parameters.js';
import { referenceModel, references } from '../engines/reference-model.js';
import { describeParity, executors } from '../parity.js';

async function load(engine: string, name: keyof typeof references) {
  const { model, parameters, ...rest } = referenceModel(name);
  const executable = await executors[engine]({ model, parameters, onnx: writeOnnx(model, parameters) });
  return { model, executable, ...rest };
}

function expectNear(computed: Float32Array, expected: readonly number[][]): void {
  const flat = expected.flat();
  expect(computed.length).toBe(flat.length);
  flat.forEach((value, i) => {
    expect(Math.abs(computed[i] - value)).toBeLessThan(1e-5);
  });
}

describe.each(Object.keys(executors))('%s against a float64 reference', (engine) => {
  it.each(Object.keys(references) as (keyof typeof references)[])('agrees on "%s" to 1e-5', async (name) => {
    const { executable, batch, reference } = await load(engine, name);
    const { heads, weights, routing } = await executable.run(batch);
    expectNear(heads, reference.heads);
    expectNear(weights, reference.weights);
    expectNear(routing, reference.routing);
    await executable.dispose();
  });

  it('gives an absent modality a weight of exactly 0', async () => {
    const { executable, batch, reference } = await load(engine, 'windows');
    const { weights } = await executable.run(batch);
    reference.presence.flat().forEach((present, i) => {
      if (present) expect(weights[i]).toBeGreaterThan(0);
      else expect(weights[i]).toBe(0);
    });
    await executable.dispose();
  });

  it('stays finite, with weights of 0, when nothing is present', async () => {
    const { executable, model, batch } = await load(engine, 'benchmark');
    const empty: ModelBatch = {
      size: 1,
      inputs: new Map(
        model.inputs.map((input) => [
          input.name,
          new Float32Array(batch.inputs.get(input.name)!.length / batch.size),
        ]),
      ),
      presence: new Float32Array(model.inputs.length),
    };
    const { heads, weights } = await executable.run(empty);
    expect(heads.every(Number.isFinite)).toBe(true);
    expect([...weights]).toEqual(Array(model.inputs.length).fill(0));
    await executable.dispose();
  });
});

describe('the benchmark model', () => {
  it('has the parameters of the layer table', () => {
    const { model, reference } = referenceModel('benchmark');
    expect(countParameters(model.parameters)).toBe(325_916);
    expect(reference.parameters).toBe(325_916);
  });
});

describe('tfjs-wasm', () => {
  it('leaves no tensor behind', async () => {
    const { executable, batch } = await load('tfjs-wasm', 'benchmark');
    await executable.run(batch);
    const before = tf.memory().numTensors;
    await executable.run(batch);
    expect(tf.memory().numTensors).toBe(before);
    await executable.dispose();
  });
});

describeParity('hi-moe');
