import type * as tfjs from '@tensorflow/tfjs';
import { beforeAll, expect, it } from 'vitest';
import { meanSquaredError } from '../../../src/learn/losses/mse.js';
import type { Tfjs } from '../../../src/model/engines/tfjs-graph.js';
import { loadTfjsWasm } from '../../../src/model/engines/tfjs-wasm.js';
import { reference } from '../fit/reference.js';
import { expectNear } from './loss-reference.js';

let tf: Tfjs;
beforeAll(async () => {
  tf = await loadTfjsWasm();
});

it('and its gradient equal torch, with missing labels', () => {
  const { predicted, label, mask } = reference.regression;
  const f = (p: tfjs.Tensor): tfjs.Scalar => meanSquaredError(tf, p, tf.tensor2d(label), tf.tensor2d(mask));
  const { value, grad } = tf.valueAndGrad(f)(tf.tensor2d(predicted));
  expectNear(value.dataSync(), [reference.regression.mse.loss]);
  expectNear(grad.dataSync(), reference.regression.mse.gradient.flat());
});

it('does not look at a label under a mask', () => {
  const { predicted, label, mask } = reference.regression;
  const polluted = label.map((row: number[], i: number) => row.map((v, h) => (mask[i][h] ? v : 1e6)));
  const of = (l: number[][]): number =>
    meanSquaredError(tf, tf.tensor2d(predicted), tf.tensor2d(l), tf.tensor2d(mask)).dataSync()[0];
  expect(of(polluted)).toBe(of(label));
});
