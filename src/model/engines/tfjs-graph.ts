import type * as tfjs from '@tensorflow/tfjs';
import {
  type Activation,
  BATCH_NORM_EPSILON,
  type Convolution,
  convolvedLength,
  type Graph,
  type ImageConvolution,
} from '../networks/graph.js';
import { convolveByKernels } from './tfjs-convolution.js';

/** The tfjs namespace: which package it came from decides which backends it has. */
export type Tfjs = typeof tfjs;
type Tensor = tfjs.Tensor;

/** Where a {@link TfjsGraph} gets its tensors. */
export interface TfjsTensors {
  /** A model input by modality, or `presence`. */
  input(name: string): Tensor;
  parameter(name: string): Tensor;
  /** A parameter's transpose; training computes it, serving keeps it. */
  transposed(name: string): Tensor;
}

/** What differs while training. */
export interface TfjsTraining {
  /** Seed of the next dropout mask. */
  nextSeed(): number;
  /** Told each batch's mean and variance [C] of a batch normalisation, for its running statistics. */
  observe(name: string, mean: Tensor, variance: Tensor): void;
}

/** Computes a model with tfjs tensors, and differentiates it. Call it inside `tf.tidy`. */
export class TfjsGraph implements Graph<Tensor> {
  readonly #linear: (x: tfjs.Tensor2D, w: tfjs.Tensor2D, b: tfjs.Tensor1D) => Tensor;
  readonly #product: (x: tfjs.Tensor2D, w: tfjs.Tensor2D) => Tensor;

  constructor(
    private readonly tf: Tfjs,
    private readonly tensors: TfjsTensors,
    private readonly training: TfjsTraining | null = null,
  ) {
    this.#linear = (x, w, b) => this.tf.add(this.#product(x, w), b);
    if (tf.getBackend() !== 'wasm') {
      this.#product = (x, w) => tf.matMul(x, w);
      return;
    }
    // tfjs's own gradient multiplies transposed views, for which the WebAssembly backend has a slow scalar loop only;
    // transposing first lets its fast kernel do both products.
    const grads = (dy: Tensor, x: Tensor, w: Tensor) => ({
      x: () => tf.matMul(dy as tfjs.Tensor2D, tf.transpose(w) as tfjs.Tensor2D),
      w: () => tf.matMul(tf.transpose(x) as tfjs.Tensor2D, dy as tfjs.Tensor2D),
    });
    this.#product = tf.customGrad((x, w, save) => {
      (save as tfjs.GradSaveFunc)([x as Tensor, w as Tensor]);
      return {
        value: tf.matMul(x as tfjs.Tensor2D, w as tfjs.Tensor2D) as Tensor,
        gradFunc: (dy: Tensor, [savedX, savedW]: Tensor[]) => {
          const grad = grads(dy, savedX, savedW);
          return [grad.x(), grad.w()];
        },
      };
    }) as (x: tfjs.Tensor2D, w: tfjs.Tensor2D) => Tensor;
  }

  input(name: string): Tensor {
    return this.tensors.input(name);
  }

  parameter(name: string): Tensor {
    return this.tensors.parameter(name);
  }

  linear(x: Tensor, name: string): Tensor {
    const a = x as tfjs.Tensor2D;
    const b = this.tensors.parameter(`${name}.weight`) as tfjs.Tensor2D;
    const bias = this.tensors.parameter(`${name}.bias`) as tfjs.Tensor1D;
    return this.training ? this.#linear(a, b, bias) : this.tf.fused.matMul({ a, b, bias });
  }

  product(x: Tensor, parameter: string, options?: { transposed?: boolean }): Tensor {
    const w = options?.transposed ? this.tensors.transposed(parameter) : this.tensors.parameter(parameter);
    return this.training
      ? this.#product(x as tfjs.Tensor2D, w as tfjs.Tensor2D)
      : this.tf.matMul(x as tfjs.Tensor2D, w as tfjs.Tensor2D);
  }

  activate(x: Tensor, activation: Activation): Tensor {
    const { tf } = this;
    if (activation === 'relu') return tf.relu(x);
    if (activation === 'elu') return tf.elu(x);
    if (activation === 'sigmoid') return tf.sigmoid(x);
    if (activation === 'tanh') return tf.tanh(x);
    return tf.mul(tf.mul(x, 0.5), tf.add(tf.erf(tf.mul(x, Math.SQRT1_2)), 1));
  }

  add(a: Tensor, b: Tensor): Tensor {
    return this.tf.add(a, b);
  }

  multiply(a: Tensor, b: Tensor): Tensor {
    return this.tf.mul(a, b);
  }

  scale(x: Tensor, factor: number, offset = 0): Tensor {
    const scaled = this.tf.mul(x, factor);
    return offset === 0 ? scaled : this.tf.add(scaled, offset);
  }

  softmax(x: Tensor): Tensor {
    return this.tf.softmax(x);
  }

  hardmax(x: Tensor): Tensor {
    const largest = this.tf.argMax(x, -1);
    return this.tf.cast(this.tf.oneHot(largest, x.shape[x.rank - 1]!), 'float32');
  }

  sum(x: Tensor, axis: number): Tensor {
    return this.tf.sum(x, axis);
  }

  mean(x: Tensor, axis: number): Tensor {
    return this.tf.mean(x, axis);
  }

  max(x: Tensor, axis: number): Tensor {
    return this.tf.max(x, axis);
  }

  slice(x: Tensor, axis: number, from: number, to: number): Tensor {
    const begin = x.shape.map((_, i) => (i === axis ? from : 0));
    return this.tf.slice(
      x,
      begin,
      x.shape.map((size, i) => (i === axis ? to - from : size)),
    );
  }

  reshape(x: Tensor, shape: readonly number[]): Tensor {
    return this.tf.reshape(x, [-1, ...shape]);
  }

  transpose(x: Tensor, order: readonly number[]): Tensor {
    return this.tf.transpose(x, [...order]);
  }

  concat(parts: readonly Tensor[], axis: number): Tensor {
    return this.tf.concat([...parts], axis);
  }

  column(x: Tensor, index: number): Tensor {
    return this.tf.slice(x as tfjs.Tensor2D, [0, index], [-1, 1]);
  }

  /** By taps: slices, products and sums, because the WebAssembly backend has no gradient of a convolution's filter. */
  convolve(x: Tensor, kernel: string, o: Convolution): Tensor {
    const { tf } = this;
    const weights = this.tensors.parameter(kernel) as tfjs.Tensor3D;
    if (tf.getBackend() === 'webgpu') return convolveByKernels(tf, x as tfjs.Tensor3D, weights, o);
    const outputs = convolvedLength(o);
    const after = (o.stride - ((o.length + o.padding[0] + o.padding[1]) % o.stride)) % o.stride;
    const padded = tf.pad3d(x as tfjs.Tensor3D, [
      [0, 0],
      [0, 0],
      [o.padding[0], o.padding[1] + after],
    ]);
    const phases = (o.length + o.padding[0] + o.padding[1] + after) / o.stride;
    // The backend slices by rows: what one tap takes has to lie in a row.
    const strided = tf.transpose(tf.reshape(padded, [-1, o.channels, phases, o.stride]), [0, 1, 3, 2]);
    // Sample s * stride + tap of every output s: [B, C, outputs].
    const tapped = (tap: number): Tensor => {
      const start = Math.floor(tap / o.stride);
      const sliced = tf.slice4d(
        strided as tfjs.Tensor4D,
        [0, 0, tap % o.stride, start],
        [-1, -1, 1, outputs],
      );
      return tf.reshape(sliced, [-1, o.channels, outputs]);
    };
    const taps = Array.from({ length: o.taps }, (_, tap) => tapped(tap));
    if (o.depthwise)
      return taps
        .map((samples, tap) =>
          tf.mul(samples, tf.slice3d(weights, [0, 0, tap], [-1, -1, 1]).reshape([1, -1, 1])),
        )
        .reduce((sum, term) => tf.add(sum, term));
    const columns = tf
      .stack(taps, 2)
      .reshape([-1, o.channels * o.taps, outputs])
      .transpose([0, 2, 1]);
    const flat = columns.reshape([-1, o.channels * o.taps]) as tfjs.Tensor2D;
    const filters = tf.transpose(weights.reshape([o.outputs, -1])) as tfjs.Tensor2D;
    const product = this.training ? this.#product(flat, filters) : tf.matMul(flat, filters);
    return product.reshape([-1, outputs, o.outputs]).transpose([0, 2, 1]);
  }

  convolve2d(x: Tensor, name: string, _: ImageConvolution): Tensor {
    const filter = this.tensors.parameter(`${name}.weight`) as tfjs.Tensor4D;
    const sums = this.tf.conv2d(x as tfjs.Tensor4D, filter, 1, 'same');
    return this.tf.add(sums, this.tensors.parameter(`${name}.bias`));
  }

  maxPool2d(x: Tensor, size: number): Tensor {
    return this.tf.maxPool(x as tfjs.Tensor4D, size, size, 'valid');
  }

  batchNorm(x: Tensor, name: string, rows: Tensor): Tensor {
    const { tf } = this;
    const part = (which: string): Tensor => this.tensors.parameter(`${name}.${which}`).reshape([1, -1, 1]);
    let [mean, variance] = [part('mean'), part('variance')];
    if (this.training) {
      const weight = rows.reshape([-1, 1, 1]);
      const count = tf.maximum(tf.mul(tf.sum(weight), x.shape[2]!), 1);
      const average = (y: Tensor): Tensor => tf.div(tf.sum(tf.mul(y, weight), [0, 2], true), count);
      mean = average(x);
      variance = average(tf.square(tf.sub(x, mean)));
      this.training.observe(name, mean.reshape([-1]), variance.reshape([-1]));
    }
    const factor = tf.mul(part('scale'), tf.rsqrt(tf.add(variance, BATCH_NORM_EPSILON)));
    return tf.add(tf.mul(tf.sub(x, mean), factor), part('shift'));
  }

  dropout(x: Tensor, rate: number): Tensor {
    if (!this.training || rate === 0) return x;
    return this.tf.dropout(x, rate, undefined, this.training.nextSeed());
  }
}
