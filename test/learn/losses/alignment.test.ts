import type * as tfjs from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { alignmentLoss } from '../../../src/learn/losses/alignment.js';
import type { Tfjs } from '../../../src/model/engines/tfjs-graph.js';
import { loadTfjsWasm } from '../../../src/model/engines/tfjs-wasm.js';
import { reference } from '../fit/reference.js';
import { expectNear } from './loss-reference.js';

let tf: Tfjs;
beforeAll(async () => {
  tf = await loadTfjsWasm();
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
