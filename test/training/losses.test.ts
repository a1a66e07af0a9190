import type * as tfjs from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Tfjs } from '../../src/engines/tfjs-graph.js';
import { loadTfjsWasm } from '../../src/engines/tfjs-wasm.js';
import { alignmentLoss } from '../../src/training/losses/alignment.js';
import { concordanceLoss } from '../../src/training/losses/ccc.js';
import { meanSquaredError } from '../../src/training/losses/mse.js';
import { reference } from './reference.js';

let tf: Tfjs;
beforeAll(async () => {
  tf = await loadTfjsWasm();
});

function expectNear(computed: ArrayLike<number>, expected: readonly number[]): void {
  expect(computed.length).toBe(expected.length);
  for (let i = 0; i < expected.length; i++)
    expect(Math.abs(computed[i] - expected[i])).toBeLessThan(1e-5 * Math.max(1, Math.abs(expected[i])));
}

describe.each([
  ['mse', meanSquaredError],
  ['ccc', concordanceLoss],
] as const)('%s loss', (name, loss) => {
  it('and its gradient equal torch, with missing labels', () => {
    const { predicted, label, mask } = reference.regression;
    const f = (p: tfjs.Tensor): tfjs.Scalar => loss(tf, p, tf.tensor2d(label), tf.tensor2d(mask));
    const { value, grad } = tf.valueAndGrad(f)(tf.tensor2d(predicted));
    expectNear(value.dataSync(), [reference.regression[name].loss]);
    expectNear(grad.dataSync(), reference.regression[name].gradient.flat());
  });

  it('does not look at a label under a mask', () => {
    const { predicted, label, mask } = reference.regression;
    const polluted = label.map((row: number[], i: number) => row.map((v, h) => (mask[i][h] ? v : 1e6)));
    const of = (l: number[][]): number =>
      loss(tf, tf.tensor2d(predicted), tf.tensor2d(l), tf.tensor2d(mask)).dataSync()[0];
    expect(of(polluted)).toBe(of(label));
  });
});

describe('alignmentLoss', () => {
  const run = (embeddings: number[][][]) => {
    const { presence, comparable, temperature } = reference.alignment;
    const f = (...z: tfjs.Tensor[]): tfjs.Scalar =>
      alignmentLoss(tf, z, tf.tensor2d(presence), tf.tensor2d(comparable), temperature);
    const { value, grads } = tf.valueAndGrads(f)(embeddings.map((z) => tf.tensor2d(z)));
    return { loss: value.dataSync()[0], gradients: grads.map((g) => [...g.dataSync()]) };
  };

  it('and its gradient equal torch, with missing modalities and overlapping windows', () => {
    const { loss, gradients } = run(reference.alignment.embeddings);
    expectNear([loss], [reference.alignment.loss]);
    expectNear(gradients.flat(), reference.alignment.gradient.flat(2));
  });

  it('does not look at absent modalities', () => {
    const { embeddings, presence } = reference.alignment;
    const polluted = embeddings.map((z: number[][], m: number) =>
      z.map((row, i) => (presence[i][m] ? row : row.map(() => 7))),
    );
    expect(run(polluted).loss).toBeCloseTo(run(embeddings).loss, 6);
    expect(run(polluted).gradients[0].slice(5, 10)).toEqual([0, 0, 0, 0, 0]);
  });

  it('is 0 when no row has two modalities', () => {
    const z = tf.ones([4, 3]);
    const presence = tf.tensor2d([1, 0, 0, 1, 1, 0, 0, 1], [4, 2]);
    expect(alignmentLoss(tf, [z, z], presence, tf.ones([4, 4]), 0.1).dataSync()[0]).toBe(0);
  });
});
