import { z } from 'zod';
import type { Objective } from './objective.js';

const settings = z.strictObject({
  weight: z.number().min(0),
  smoothing: z.number().min(0).max(0.5).default(0).describe('Share of each label spread over all classes.'),
});

export const crossEntropy: Objective<z.infer<typeof settings>> = {
  name: 'cross_entropy',
  summary: 'Cross-entropy of the classes.',
  source: 'ATAM, Eq. 12 (total loss): its first term; PRNet, Eq. 1 (classification loss)',
  settings,
  problems: ({ classes }) => (classes.length === 0 ? ['the model has no classes'] : []),
  parameters: () => [],
  loss({ smoothing }, { tf, model, values, batch }) {
    const { label, mask } = batch.classes;
    const target = tf.add(tf.mul(label, 1 - smoothing), smoothing / model.classes.length);
    const each = tf.neg(tf.sum(tf.mul(target, tf.logSoftmax(values.classes!)), 1, true));
    return tf.div(tf.sum(tf.mul(each, mask)), tf.maximum(tf.sum(mask), 1));
  },
};
