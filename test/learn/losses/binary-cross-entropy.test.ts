import { beforeAll, expect, it } from 'vitest';
import { binaryCrossEntropy } from '../../../src/learn/losses/binary-cross-entropy.js';
import type { Tfjs } from '../../../src/model/engines/tfjs-graph.js';
import { loadTfjsWasm } from '../../../src/model/engines/tfjs-wasm.js';
import { expectLoss, losses } from './loss-reference.js';
import { objectiveContext } from './objective-context.js';

let tf: Tfjs;
beforeAll(async () => {
  tf = await loadTfjsWasm();
});

const heads = ['valence', 'arousal', 'liking'] as const;
const model = { heads, binary_heads: true };
const targets = (row: readonly (number | null)[]) => ({
  targets: Object.fromEntries(row.flatMap((value, h) => (value === null ? [] : [[heads[h], value]]))),
});

it('and its gradient by the logits equal torch, labels left out where there are none', () => {
  const { logits, label } = losses.binary_cross_entropy;
  expectLoss(tf, losses.binary_cross_entropy, [logits], (x) =>
    binaryCrossEntropy.loss(
      { weight: 1 },
      objectiveContext(tf, {
        model,
        values: { heads: tf.tanh(tf.mul(0.5, x)) },
        labels: label.map(targets),
      }),
    ),
  );
});

it('stays finite where a head is sure and wrong', () => {
  const context = objectiveContext(tf, {
    model,
    values: { heads: tf.tensor2d([[1, -1, 1]]) },
    labels: [targets([-0.5, 0.5, 0.5])],
  });
  const loss = binaryCrossEntropy.loss({ weight: 1 }, context).dataSync()[0];
  expect(loss).toBeGreaterThan(10);
  expect(loss).toBeLessThan(12);
});

it('takes heads that tell High from Low', () => {
  const context = (given: object) => objectiveContext(tf, { values: {}, labels: [], model: given }).model;
  expect(binaryCrossEntropy.problems(context({ heads }))).toEqual([
    'the model’s heads tell values; set `binary_heads: true`',
  ]);
  expect(binaryCrossEntropy.problems(context(model))).toEqual([]);
});
