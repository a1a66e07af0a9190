import { readFileSync } from 'node:fs';
import type * as tfjs from '@tensorflow/tfjs';
import { expect } from 'vitest';
import type { Tfjs } from '../../../src/model/engines/tfjs-graph.js';

/** Made by fixtures/training/make_losses.py. */
export const losses = JSON.parse(
  readFileSync(new URL('../../../fixtures/training/losses.json', import.meta.url), 'utf8'),
);

export function expectNear(computed: ArrayLike<number>, expected: readonly number[], tolerance = 1e-5): void {
  expect(computed.length).toBe(expected.length);
  for (let i = 0; i < expected.length; i++)
    expect(Math.abs(computed[i] - expected[i])).toBeLessThan(tolerance * Math.max(1, Math.abs(expected[i])));
}

/** A loss of some matrices, with its gradients, held against what torch says of them. */
export function expectLoss(
  tf: Tfjs,
  reference: { loss: number; gradients: Record<string, number[][]> },
  leaves: readonly number[][][],
  f: (...x: tfjs.Tensor[]) => tfjs.Tensor,
): void {
  const { value, grads } = tf.valueAndGrads(f as (...x: tfjs.Tensor[]) => tfjs.Scalar)(
    leaves.map((leaf) => tf.tensor2d(leaf)),
  );
  expectNear(value.dataSync(), [reference.loss]);
  const expected = Object.values(reference.gradients);
  grads.forEach((grad, i) => {
    expectNear(grad.dataSync(), expected[i].flat());
  });
}
