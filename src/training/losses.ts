import type * as tfjs from '@tensorflow/tfjs';
import type { Tfjs } from '../engines/tfjs-graph.js';

type Tensor = tfjs.Tensor;

/** Sum over axis 0 of x [B, H] where `mask` [B, H] is 1, divided by the mask's own sum: [1, H]. */
function maskedMean(tf: Tfjs, x: Tensor, mask: Tensor): Tensor {
  return tf.div(tf.sum(tf.mul(x, mask), 0, true), tf.maximum(tf.sum(mask, 0, true), 1));
}

/** Mean squared error over the labels that exist. All [B, H]; where `mask` is 0 the label is not looked at. */
export function meanSquaredError(tf: Tfjs, predicted: Tensor, label: Tensor, mask: Tensor): tfjs.Scalar {
  return tf.mean(maskedMean(tf, tf.square(tf.sub(predicted, label)), mask)) as tfjs.Scalar;
}

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
