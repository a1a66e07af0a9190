import type * as tfjs from '@tensorflow/tfjs';
import { z } from 'zod';
import type { Tfjs } from '../../model/engines/tfjs-graph.js';
import { maskedMean, needsHeads, type Objective } from './objective.js';

type Tensor = tfjs.Tensor;

/** Mean squared error over the labels that exist. All [B, H]; where `mask` is 0 the label is not looked at. */
export function meanSquaredError(tf: Tfjs, predicted: Tensor, label: Tensor, mask: Tensor): tfjs.Scalar {
  return tf.mean(maskedMean(tf, tf.square(tf.sub(predicted, label)), mask)) as tfjs.Scalar;
}

const settings = z.strictObject({ weight: z.number().min(0) });

export const mse: Objective<z.infer<typeof settings>> = {
  name: 'mse',
  summary: 'Mean squared error of the dimensions.',
  source: 'PRNet, Eq. 2 (regression loss); Hi-MoE, Eq. 8 (total loss): its term L_emo, of ratings',
  settings,
  problems: needsHeads,
  parameters: () => [],
  loss: (_, { tf, values, batch }) =>
    meanSquaredError(tf, values.heads!, batch.heads.label, batch.heads.mask),
};
