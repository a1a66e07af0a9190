import { beforeAll, it } from 'vitest';
import { reconstruction } from '../../../src/learn/losses/reconstruction.js';
import type { Tfjs } from '../../../src/model/engines/tfjs-graph.js';
import { loadTfjsWasm } from '../../../src/model/engines/tfjs-wasm.js';
import { inputSpec } from '../../model/engines/reference-model.js';
import { expectLoss, losses } from './loss-reference.js';
import { objectiveContext } from './objective-context.js';

let tf: Tfjs;
beforeAll(async () => {
  tf = await loadTfjsWasm();
});

it('and its gradient equal torch, masked values and absent modalities left out', () => {
  const { eeg, eye, seen, here, gradients } = losses.reconstruction;
  const names = Object.keys(gradients);
  const leaves = names.map((name) => losses.reconstruction[name]);
  const inputs = new Map([
    ['eeg', tf.tensor2d(eeg)],
    ['eye', tf.concat([tf.mul(tf.tensor2d(eye), tf.tensor2d(seen)), tf.tensor2d(seen)], 1)],
    ['presence', tf.tensor2d(here.map((h: number) => [h, 1]))],
  ]);
  const model = { inputs: [inputSpec('eeg', [5]), { ...inputSpec('eye', [3]), with_mask: true }] };
  expectLoss(tf, losses.reconstruction, leaves, (...x) =>
    reconstruction.loss(
      reconstruction.settings.parse({ weight: 1 }),
      objectiveContext(tf, {
        values: { embeddings: [x[0]] },
        labels: here.map(() => ({})),
        inputs,
        model: model as never,
        parameters: new Map(names.slice(1).map((name, i) => [`reconstruction.${name}`, x[i + 1]])),
      }),
    ),
  );
});
