import type * as tfjs from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { Random } from '../../../src/core/random.js';
import { Adam } from '../../../src/learn/fit/adam.js';
import { donskerVaradhan, mutualInformation } from '../../../src/learn/losses/mutual-information.js';
import type { Tfjs } from '../../../src/model/engines/tfjs-graph.js';
import { loadTfjsWasm } from '../../../src/model/engines/tfjs-wasm.js';
import { initialParameters } from '../../../src/model/networks/parameters.js';
import { inputSpec } from '../../model/engines/reference-model.js';
import { expectLoss, expectNear, losses } from './loss-reference.js';
import { objectiveContext } from './objective-context.js';

let tf: Tfjs;
beforeAll(async () => {
  tf = await loadTfjsWasm();
});

describe('donskerVaradhan', () => {
  const { joint, marginal, mask, average, average_gradients } = losses.donsker_varadhan;

  it('and its gradient equal torch, over the pairs that count', () => {
    expectLoss(tf, losses.donsker_varadhan, [joint, marginal], (t, u) =>
      donskerVaradhan(tf, t, u, tf.tensor2d(mask), null),
    );
  });

  it('divides by the running mean in its gradient alone', () => {
    const f = (t: tfjs.Tensor, u: tfjs.Tensor): tfjs.Scalar =>
      donskerVaradhan(tf, t, u, tf.tensor2d(mask), tf.scalar(Math.log(average))) as tfjs.Scalar;
    const { value, grads } = tf.valueAndGrads(f as never)([tf.tensor2d(joint), tf.tensor2d(marginal)]);
    expectNear(value.dataSync(), [losses.donsker_varadhan.loss]);
    expectNear(grads[0].dataSync(), average_gradients.joint.flat());
    expectNear(grads[1].dataSync(), average_gradients.marginal.flat());
  });
});

describe('the estimate of mutual information', () => {
  it('comes within 0.2 nat of the truth for Gaussians, at a batch of 500', () => {
    const [dimensions, correlation, rows] = [5, 0.8, 500];
    const truth = -0.5 * dimensions * Math.log(1 - correlation * correlation);
    const normal = new Random(12).gaussian;
    const draw = (): { x: tfjs.Tensor2D; o: tfjs.Tensor2D } => {
      const [x, o] = [new Float32Array(rows * dimensions), new Float32Array(rows * dimensions)];
      for (let i = 0; i < x.length; i++) {
        x[i] = normal();
        o[i] = correlation * x[i] + Math.sqrt(1 - correlation * correlation) * normal();
      }
      return { x: tf.tensor2d(x, [rows, dimensions]), o: tf.tensor2d(o, [rows, dimensions]) };
    };
    const model = { inputs: [inputSpec('x', [dimensions])], embeddingWidth: dimensions };
    const settings = mutualInformation.settings.parse({ weight: 1 });
    const specs = mutualInformation.parameters(settings, model as never);
    const parameters = new Map(initialParameters(specs, 3));
    const trainable = specs.filter((spec) => spec.trainable);
    const arrays = trainable.map(({ name }) => parameters.get(name)!);
    const adam = new Adam(arrays.map(({ length }) => length));
    const estimate = (tensors: ReadonlyMap<string, tfjs.Tensor>): tfjs.Tensor => {
      const { x, o } = draw();
      return mutualInformation.loss(
        settings,
        objectiveContext(tf, {
          values: { embeddings: [o] },
          labels: Array(rows).fill({}),
          inputs: new Map<string, tfjs.Tensor>([
            ['x', x],
            ['presence', tf.ones([rows, 1])],
          ]),
          model: model as never,
          parameters: tensors,
          remember: (name, value) => parameters.get(name)!.set(value.dataSync()),
        }),
      );
    };
    const tensorsOf = (values: readonly tfjs.Tensor[]): Map<string, tfjs.Tensor> =>
      new Map([
        ...specs
          .filter((spec) => !spec.trainable)
          .map(({ name }) => [name, tf.tensor1d(parameters.get(name)!)] as const),
        ...trainable.map(({ name }, i) => [name, values[i]] as const),
      ]);
    const leaves = (): tfjs.Tensor[] => trainable.map(({ shape }, i) => tf.tensor(arrays[i], [...shape]));
    for (let step = 0; step < 600; step++)
      tf.tidy(() => {
        const { grads } = tf.valueAndGrads((...w) => estimate(tensorsOf(w)) as tfjs.Scalar)(leaves());
        adam.update(
          arrays,
          grads.map((grad) => grad.dataSync()),
          2e-3,
        );
      });
    const held = Array.from({ length: 20 }, () =>
      tf.tidy(() => -estimate(tensorsOf(leaves())).dataSync()[0]),
    );
    const found = held.reduce((sum, v) => sum + v, 0) / held.length;
    expect(Math.abs(found - truth)).toBeLessThan(0.2);
  });
});
