import type * as tfjs from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { batchTensors } from '../../../src/model/engines/tfjs-executable.js';
import { type Tfjs, TfjsGraph } from '../../../src/model/engines/tfjs-graph.js';
import { loadTfjsWasm } from '../../../src/model/engines/tfjs-wasm.js';
import { initialParameters } from '../../../src/model/networks/parameters.js';
import { referenceModel } from './reference-model.js';

let tf: Tfjs;
beforeAll(async () => {
  tf = await loadTfjsWasm();
});

/** A loss of everything that the training graph gives, as a function of all trainable parameters. */
function trainingLoss() {
  const { model, batch } = referenceModel('windows');
  const parameters = initialParameters(model.parameters, 1);
  const specs = model.parameters.filter(({ trainable }) => trainable);
  const fixed = model.parameters.filter(({ trainable }) => !trainable);
  const observed: string[] = [];
  const loss = (...args: tfjs.Tensor[]): tfjs.Scalar => {
    const inputs = batchTensors(tf, model, batch);
    const tensors = new Map([
      ...specs.map(({ name }, i) => [name, args[i]] as const),
      ...fixed.map(({ name, shape }) => [name, tf.tensor(parameters.get(name)!, [...shape])] as const),
    ]);
    const graph = new TfjsGraph(
      tf,
      {
        input: (name) => inputs.get(name)!,
        parameter: (name) => tensors.get(name)!,
        transposed: (name) => tf.transpose(tensors.get(name)!),
      },
      { nextSeed: () => 1, observe: (name) => observed.push(name) },
    );
    const { heads, embeddings } = model.forward(graph);
    return tf.addN([heads!, ...embeddings].map((x) => tf.mean(tf.square(x)))) as tfjs.Scalar;
  };
  const values = specs.map(({ name }) => parameters.get(name)!);
  const tensorsOf = (all: readonly Float32Array[]): tfjs.Tensor[] =>
    all.map((v, i) => tf.tensor(v, [...specs[i].shape]));
  return { specs, values, loss, tensorsOf, observed };
}

describe('TfjsGraph while training', () => {
  it('differentiates every kind of encoder, as finite differences do', () => {
    const { specs, values, loss, tensorsOf } = trainingLoss();
    const { grads } = tf.valueAndGrads(loss)(tensorsOf(values));
    const at = (all: readonly Float32Array[]): number => tf.tidy(() => loss(...tensorsOf(all)).dataSync()[0]);
    let checked = 0;
    for (const [p, { name }] of specs.entries()) {
      const gradient = grads[p].dataSync() as Float32Array;
      // Along the gradient itself: one difference checks the whole array.
      const norm = Math.sqrt(gradient.reduce((sum, g) => sum + g * g, 0));
      // A gradient that is nothing beside the loss's single precision says nothing.
      if (norm < 3e-3) continue;
      checked++;
      const step = 0.01;
      const moved = (sign: number): Float32Array[] =>
        values.map((v, i) => (i === p ? v.map((x, j) => x + (sign * step * gradient[j]) / norm) : v));
      const slope = (at(moved(1)) - at(moved(-1))) / (2 * step);
      expect(Math.abs(slope - norm) / norm, name).toBeLessThan(0.02);
    }
    expect(checked).toBeGreaterThan(0.8 * specs.length);
  }, 120_000);

  it('reports the statistics of every batch normalisation', () => {
    const { values, loss, tensorsOf, observed } = trainingLoss();
    tf.tidy(() => loss(...tensorsOf(values)));
    expect(observed).toEqual(
      ['eeg.norm1', 'eeg.norm2', 'eog.norm0', 'eog.norm1', 'eog.norm2', 'eda.norm0', 'eda.norm1'].map(
        (name) => `encoder.${name}`,
      ),
    );
  });
});
