import type * as tfjs from '@tensorflow/tfjs';
import { expect } from 'vitest';
import { Random } from '../../../src/core/random.js';
import type { Differentiable } from '../../../src/model/engines/differentiable.js';
import { batchTensors } from '../../../src/model/engines/tfjs-executable.js';
import type { Tfjs } from '../../../src/model/engines/tfjs-graph.js';
import { listOf } from '../../../src/model/engines/wasm/plan.js';
import type { ModelBatch } from '../../../src/model/frames.js';
import type { BoundModel } from '../../../src/model/networks/definition.js';
import type { Parameters } from '../../../src/model/networks/parameters.js';

/** A loss in which every element of every output has its own weight. */
function lossOf(tf: Tfjs, outputs: readonly tfjs.Tensor[]): tfjs.Scalar {
  const { uniform } = new Random(5);
  const terms = outputs.map((output) => {
    const weights = Float32Array.from({ length: output.size }, () => 2 * uniform() - 1);
    const weighted = tf.mul(output, tf.tensor(weights, output.shape));
    return tf.add(tf.sum(weighted), tf.sum(tf.square(output)));
  });
  return tf.addN(terms) as tfjs.Scalar;
}

/** That loss of outputs that are arrays, and its gradients by them. */
export function lossGradients(
  tf: Tfjs,
  outputs: readonly { readonly values: Float32Array; readonly shape: readonly number[] }[],
): { loss: number; gradients: Float32Array[] } {
  return tf.tidy(() => {
    const tensors = outputs.map(({ values, shape }) => tf.tensor(values, [...shape]));
    const { value, grads } = tf.valueAndGrads((...args: tfjs.Tensor[]) => lossOf(tf, args))(tensors);
    return {
      loss: value.dataSync()[0],
      gradients: grads.map((gradient) => gradient.dataSync() as Float32Array),
    };
  });
}

/** Loss, gradients by parameter and statistics of each batch normalisation. */
export function differentiateAll(
  tf: Tfjs,
  model: BoundModel,
  network: Differentiable,
  batch: ModelBatch,
  parameters: Parameters,
) {
  const statistics = new Map<string, number[]>();
  let seed = 1;
  const result = { loss: 0, gradients: new Map<string, Float32Array>(), statistics };
  tf.tidy(() => {
    const { loss, gradients } = network.differentiate(
      { batch, inputs: batchTensors(tf, model, batch), parameters },
      {
        nextSeed: () => seed++,
        observe: (name, mean, variance) =>
          statistics.set(name, [...Array.from(mean), ...Array.from(variance)]),
      },
      [],
      (values) => lossOf(tf, listOf(values)),
    );
    result.loss = loss;
    for (const [name, gradient] of gradients) result.gradients.set(name, gradient.slice());
  });
  return result;
}

/** Largest difference, as a share of the largest value expected. */
export function difference(found: ArrayLike<number>, expected: ArrayLike<number>): number {
  expect(found.length).toBe(expected.length);
  const pairs = Array.from(expected, (e, i) => [e, found[i]]);
  const size = Math.max(...pairs.map(([e]) => Math.abs(e)), 1e-6);
  return Math.max(0, ...pairs.map(([e, f]) => Math.abs(e - f))) / size;
}
