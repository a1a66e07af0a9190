import { beforeAll, expect, it } from 'vitest';
import { crossEntropy } from '../../../src/learn/losses/cross-entropy.js';
import type { Tfjs } from '../../../src/model/engines/tfjs-graph.js';
import { loadTfjsWasm } from '../../../src/model/engines/tfjs-wasm.js';
import { expectLoss, losses } from './loss-reference.js';
import { objectiveContext } from './objective-context.js';

let tf: Tfjs;
beforeAll(async () => {
  tf = await loadTfjsWasm();
});

it('and its gradient equal torch, windows without a class left out', () => {
  const { logits, classes, smoothing } = losses.cross_entropy;
  expectLoss(tf, losses.cross_entropy, [logits], (x) =>
    crossEntropy.loss(
      crossEntropy.settings.parse({ weight: 1, smoothing }),
      objectiveContext(tf, {
        values: { classes: x },
        labels: classes.map((c: number | null) => ({ class: c })),
      }),
    ),
  );
});

it('is 0 where nothing has a class', () => {
  const context = objectiveContext(tf, { values: { classes: tf.ones([2, 3]) }, labels: [{}, {}] });
  expect(crossEntropy.loss({ weight: 1, smoothing: 0 }, context).dataSync()[0]).toBe(0);
});
