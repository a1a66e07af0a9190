import type * as tfjs from '@tensorflow/tfjs';
import { z } from 'zod';
import type { Tfjs } from '../../model/engines/tfjs-graph.js';
import { maskedMean, needsHeads, type Objective } from './objective.js';

type Tensor = tfjs.Tensor;

/**
 * 1 - CCC over the batch, averaged over the H dimensions (Lin 1989, population moments). All [B, H]. A small constant
 * in the denominator keeps it finite when a batch's labels are all alike.
 */
export function concordanceLoss(tf: Tfjs, predicted: Tensor, label: Tensor, mask: Tensor): tfjs.Scalar {
  const [meanP, meanL] = [maskedMean(tf, predicted, mask), maskedMean(tf, label, mask)];
  const [p, l] = [tf.sub(predicted, meanP), tf.sub(label, meanL)];
  const covariance = maskedMean(tf, tf.mul(p, l), mask);
  const spread = tf.add(maskedMean(tf, tf.square(p), mask), maskedMean(tf, tf.square(l), mask));
  const denominator = tf.add(tf.add(spread, tf.square(tf.sub(meanP, meanL))), 1e-8);
  return tf.mean(tf.sub(1, tf.div(tf.mul(2, covariance), denominator))) as tfjs.Scalar;
}

const settings = z.strictObject({ weight: z.number().min(0) });

export const ccc: Objective<z.infer<typeof settings>> = {
  name: 'ccc',
  summary: '1 - CCC of the dimensions over the batch.',
  source: 'Lin 1989',
  settings,
  problems: needsHeads,
  parameters: () => [],
  loss: (_, { tf, values, batch }) => concordanceLoss(tf, values.heads!, batch.heads.label, batch.heads.mask),
};
