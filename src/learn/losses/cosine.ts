import type * as tfjs from '@tensorflow/tfjs';
import { z } from 'zod';
import type { Tfjs } from '../../model/engines/tfjs-graph.js';
import { needsSeveralModalities, type Objective } from './objective.js';

type Tensor = tfjs.Tensor;

/** Cosines of the rows of a and b [B, d]: [B, 1]. */
function rowCosines(tf: Tfjs, a: Tensor, b: Tensor): Tensor {
  const dot = tf.sum(tf.mul(a, b), 1, true);
  const squares = tf.mul(tf.sum(tf.square(a), 1, true), tf.sum(tf.square(b), 1, true));
  return tf.mul(dot, tf.rsqrt(tf.add(squares, 1e-12)));
}

/**
 * Mean of cos(O_m, O_n) over windows and pairs of modalities that are both present (ATAM, Eq. 7 (cosine loss)), or of its square:
 * the raw form is least at -1, where one embedding is the other's negative and tells nothing new; the square is least
 * where they are orthogonal.
 *
 * @param embeddings M of [B, d]
 * @param presence [B, M]
 */
export function cosineLoss(
  tf: Tfjs,
  embeddings: readonly Tensor[],
  presence: Tensor,
  form: 'squared' | 'raw',
): Tensor {
  const here = embeddings.map((_, m) => tf.slice(presence, [0, m], [-1, 1]));
  const sums: Tensor[] = [];
  const counts: Tensor[] = [];
  for (let m = 0; m < embeddings.length; m++)
    for (let n = m + 1; n < embeddings.length; n++) {
      const both = tf.mul(here[m], here[n]);
      const cosine = rowCosines(tf, embeddings[m], embeddings[n]);
      sums.push(tf.sum(tf.mul(form === 'raw' ? cosine : tf.square(cosine), both)));
      counts.push(tf.sum(both));
    }
  return tf.div(tf.addN(sums), tf.maximum(tf.addN(counts), 1));
}

const settings = z.strictObject({
  weight: z.number().min(0),
  form: z
    .enum(['squared', 'raw'])
    .default('squared')
    .describe('`raw` as printed; how its samples are averaged is not.'),
});

export const cosine: Objective<z.infer<typeof settings>> = {
  name: 'cosine',
  summary: 'Keeps the embeddings of a window from saying the same.',
  source: 'ATAM, Eq. 7 (cosine loss)',
  settings,
  problems: needsSeveralModalities,
  parameters: () => [],
  loss: ({ form }, { tf, values, batch }) =>
    cosineLoss(tf, values.embeddings, batch.inputs.get('presence')!, form),
};
