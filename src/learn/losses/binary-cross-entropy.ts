import type * as tfjs from '@tensorflow/tfjs';
import { z } from 'zod';
import type { Tfjs } from '../../model/engines/tfjs-graph.js';
import { maskedMean, type Objective } from './objective.js';

type Tensor = tfjs.Tensor;

/** Keeps the loss finite where a float32 rounds a wrong head to sure. */
const FLOOR = 1e-7;

/**
 * Mean over the H dimensions of -log p of the side of the scale's middle that the label is on; the middle is Low. All
 * [B, H]; `predicted` is 2 p(High) - 1; where `mask` is 0 the label is not looked at.
 */
function binarySurprise(tf: Tfjs, predicted: Tensor, label: Tensor, mask: Tensor): tfjs.Scalar {
  const side = tf.sub(tf.mul(2, tf.cast(tf.greater(label, 0), 'float32')), 1);
  const probability = tf.mul(0.5, tf.add(1, tf.mul(side, predicted)));
  return tf.mean(maskedMean(tf, tf.neg(tf.log(tf.add(probability, FLOOR))), mask)) as tfjs.Scalar;
}

const settings = z.strictObject({ weight: z.number().min(0) });

/** Several dimensions at once, each High or Low, whichever of them a window's label tells. */
export const binaryCrossEntropy: Objective<z.infer<typeof settings>> = {
  name: 'binary_cross_entropy',
  summary: 'Cross-entropy of High against Low in each dimension.',
  source: 'Hi-MoE, Eq. 8 (total loss): its term L_emo, of High and Low',
  settings,
  problems: (model) =>
    model.heads.length > 0 && model.binary_heads
      ? []
      : ['the model’s heads tell values; set `binary_heads: true`'],
  parameters: () => [],
  loss: (_, { tf, values, batch }) => binarySurprise(tf, values.heads!, batch.heads.label, batch.heads.mask),
};
