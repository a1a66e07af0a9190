import type * as tfjs from '@tensorflow/tfjs';
import { z } from 'zod';
import type { Tfjs } from '../../engines/tfjs-graph.js';
import { type Example, sameTrial } from '../example.js';
import type { Objective } from './objective.js';

type Tensor = tfjs.Tensor;

/**
 * NT-Xent between the modalities of the same window (Chen et al. 2020; Hi-MoE, Eq. 7), averaged over every ordered
 * pair of modalities that are both present in a row. Of a pair (m, n), the anchor is row i of m, the positive row i of
 * n, and the negatives all other rows of both.
 *
 * @param embeddings M of [B, d]
 * @param presence [B, M]
 * @param comparable [B, B]: 0 where a row must not be a negative of another (windows that overlap in time), else 1
 */
export function alignmentLoss(
  tf: Tfjs,
  embeddings: readonly Tensor[],
  presence: Tensor,
  comparable: Tensor,
  temperature: number,
): tfjs.Scalar {
  const modalities = embeddings.length;
  const [rows, width] = embeddings[0].shape as [number, number];
  const all = modalities * rows;
  const stacked = tf.reshape(tf.stack([...embeddings]), [all, width]);
  const norm = tf.sqrt(tf.add(tf.sum(tf.square(stacked), 1, true), 1e-12));
  const unit = tf.div(stacked, norm) as tfjs.Tensor2D;
  // Cosines are at most 1: with that taken off, no exponential overflows.
  const similarity = tf.div(tf.sub(tf.matMul(unit, tf.transpose(unit)), 1), temperature);

  const here = tf.reshape(tf.transpose(presence), [all]);
  const same = tf.eye(rows);
  const negative = tf.tile(tf.mul(comparable, tf.sub(1, same)), [modalities, modalities]);
  const pairs = tf.mul(tf.reshape(here, [all, 1]), tf.reshape(here, [1, all]));
  // [anchor m * B + i, modality n]: what the negatives in n add up to.
  const negatives = tf.sum(
    tf.reshape(tf.mul(tf.exp(similarity), tf.mul(negative, pairs)), [all, modalities, rows]),
    2,
  );
  const own = tf.reshape(tf.tile(tf.eye(modalities), [1, rows]), [all, modalities]);
  const inOwn = tf.sum(tf.mul(negatives, own), 1, true);
  const selected = tf.tile(same, [modalities, modalities]);
  const positive = tf.sum(tf.reshape(tf.mul(similarity, selected), [all, modalities, rows]), 2);
  const denominator = tf.add(tf.add(tf.exp(positive), tf.add(negatives, inOwn)), 1e-12);
  const losses = tf.sub(tf.log(denominator), positive);

  const bothPresent = tf.sum(tf.reshape(tf.mul(pairs, selected), [all, modalities, rows]), 2);
  const counted = tf.mul(bothPresent, tf.sub(1, own));
  return tf.div(tf.sum(tf.mul(losses, counted)), tf.maximum(tf.sum(counted), 1)) as tfjs.Scalar;
}

const settings = z.strictObject({
  weight: z.number().min(0),
  rows: z
    .int()
    .min(2)
    .default(32)
    .describe('Examples of each batch that it compares; its cost grows with their square.'),
  temperature: z.number().positive().default(0.1),
  negatives: z
    .enum(['apart', 'all'])
    .default('apart')
    .describe('`all` as in the paper; `apart` leaves out windows that overlap in time.'),
});

export const alignment: Objective<z.infer<typeof settings>> = {
  name: 'alignment',
  summary: 'NT-Xent between the modalities of a window.',
  source: 'Hi-MoE, Eq. 7; Chen et al. 2020',
  settings,
  problems: ({ inputs }) => (inputs.length < 2 ? ['it compares modalities, and the model has one'] : []),
  parameters: () => [],
  loss({ rows, temperature, negatives }, { tf, values, batch }) {
    const compared = batch.examples.slice(0, rows);
    const first = (x: Tensor): Tensor => tf.slice(x, 0, compared.length);
    const apart = negatives === 'all' ? allRows(compared) : rowsApart(compared);
    return alignmentLoss(
      tf,
      values.embeddings.map(first),
      first(batch.inputs.get('presence')!),
      tf.tensor2d(apart, [compared.length, compared.length]),
      temperature,
    );
  },
};

const allRows = ({ length }: readonly Example[]): Float32Array => new Float32Array(length * length).fill(1);

/** [B, B]: 0 where two windows of a trial overlap; these must not push each other apart. */
function rowsApart(examples: readonly Example[]): Float32Array {
  const n = examples.length;
  const apart = allRows(examples);
  for (let i = 0; i < n; i++)
    for (let j = 0; j < n; j++) {
      const [a, b] = [examples[i], examples[j]];
      if (sameTrial(a, b) && a.window[0] < b.window[1] && b.window[0] < a.window[1]) apart[i * n + j] = 0;
    }
  return apart;
}
