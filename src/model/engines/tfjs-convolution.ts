import type * as tfjs from '@tensorflow/tfjs';
import type { Convolution } from '../networks/graph.js';

/**
 * {@link Graph.convolve} by tfjs's own kernels, of x [B, C, n] with `weights` [C_out, C, k] or, depthwise, [C, 1, k]: for
 * backends that have those of its gradients, too.
 */
export function convolveByKernels(
  tf: typeof tfjs,
  x: tfjs.Tensor3D,
  weights: tfjs.Tensor3D,
  { channels, length, stride, padding, depthwise }: Convolution,
): tfjs.Tensor {
  const padded = tf.pad3d(x, [[0, 0], [0, 0], [...padding]]);
  // Time as an image's columns: [B, 1, n, C].
  const image = tf.reshape(tf.transpose(padded, [0, 2, 1]), [
    -1,
    1,
    length + padding[0] + padding[1],
    channels,
  ]);
  const filter = tf.expandDims(tf.transpose(weights, depthwise ? [2, 0, 1] : [2, 1, 0]), 0);
  const convolve = depthwise ? tf.depthwiseConv2d : tf.conv2d;
  const sums = convolve(image as tfjs.Tensor4D, filter as tfjs.Tensor4D, stride, 'valid');
  return tf.transpose(tf.squeeze(sums, [1]), [0, 2, 1]);
}
