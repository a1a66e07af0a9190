import { beforeAll, expect, it } from 'vitest';
import { cosineLoss } from '../../../src/learn/losses/cosine.js';
import type { Tfjs } from '../../../src/model/engines/tfjs-graph.js';
import { loadTfjsWasm } from '../../../src/model/engines/tfjs-wasm.js';
import { expectLoss, losses } from './loss-reference.js';

let tf: Tfjs;
beforeAll(async () => {
  tf = await loadTfjsWasm();
});

it.each(['raw', 'squared'] as const)('%s and its gradient equal torch, with missing modalities', (form) => {
  const reference = losses[`cosine_${form}`];
  const { z0, z1, z2, presence } = reference;
  expectLoss(tf, reference, [z0, z1, z2], (...z) => cosineLoss(tf, z, tf.tensor2d(presence), form));
});

it('is 0 when no window has two modalities', () => {
  const z = tf.ones([2, 3]);
  expect(cosineLoss(tf, [z, z], tf.tensor2d([1, 0, 0, 1], [2, 2]), 'raw').dataSync()[0]).toBe(0);
});
