export type Activation = 'relu' | 'gelu' | 'elu' | 'sigmoid' | 'tanh';

/** Sizes of a {@link Graph.convolve}. */
export interface Convolution {
  readonly channels: number;
  readonly outputs: number;
  /** Samples in. */
  readonly length: number;
  readonly taps: number;
  readonly stride: number;
  /** Zeros. */
  readonly padding: readonly [before: number, after: number];
  /** Whether each channel has its own filter; then `outputs` equals `channels`. */
  readonly depthwise: boolean;
}

/** Sizes of a {@link Graph.convolve2d}: stride 1, zeros around, so that as many rows and columns come out as go in. */
export interface ImageConvolution {
  readonly channels: number;
  readonly outputs: number;
  /** Rows and columns in. */
  readonly height: number;
  readonly width: number;
  /** Rows and columns of the filter; odd. */
  readonly taps: number;
}

/**
 * The operations that models are written in. A model's forward pass is one function over `Graph<T>`; what `T` is
 * decides what happens: tfjs tensors compute and differentiate (src/model/engines/tfjs-graph.ts), names of values write an
 * ONNX file (src/model/engines/onnx-writer.ts). So there is one definition of each model, whatever executes it.
 *
 * Shapes: B is the batch, always the first axis. Matrix products are two-dimensional on purpose: the WebAssembly
 * kernels are fast for these alone. Parameters are asked for by name and have the shapes that the model's
 * `parameters` lists.
 */
export interface Graph<T> {
  /** A model input by modality, [B, ...shape], or `presence` [B, M]. */
  input(name: string): T;
  /** A parameter as it is, without a batch axis; for broadcasting. */
  parameter(name: string): T;
  /** x [B, n] times the parameter `name.weight` [n, m], plus `name.bias` [m]. */
  linear(x: T, name: string): T;
  /** x [B, n] times the parameter [n, m], or the transpose of the parameter [m, n]. */
  product(x: T, parameter: string, options?: { readonly transposed?: boolean }): T;
  activate(x: T, activation: Activation): T;
  add(a: T, b: T): T;
  /** Element by element, with broadcasting. */
  multiply(a: T, b: T): T;
  scale(x: T, factor: number, offset?: number): T;
  /** Over the last axis. */
  softmax(x: T): T;
  /** 1 at the last axis's largest value, the first of equals, else 0. No gradient passes. */
  hardmax(x: T): T;
  /** Sum over one axis, which goes away. */
  sum(x: T, axis: number): T;
  mean(x: T, axis: number): T;
  /** Largest value over one axis, which goes away. */
  max(x: T, axis: number): T;
  /** To [B', ...shape]; the first axis takes what is left. */
  reshape(x: T, shape: readonly number[]): T;
  transpose(x: T, order: readonly number[]): T;
  concat(parts: readonly T[], axis: number): T;
  /** Places `from` to `to` (not included) of one axis. */
  slice(x: T, axis: number, from: number, to: number): T;
  /** One column [B, 1] of x [B, n]. */
  column(x: T, index: number): T;
  /**
   * Correlation along time of x [B, C, n] with the parameter `kernel`: [C_out, C, k], or, `depthwise`, [C, 1, k].
   */
  convolve(x: T, kernel: string, options: Convolution): T;
  /** Correlation of images x [B, H, W, C] with the parameter `name.weight` [k, k, C, C_out], plus `name.bias` [C_out]. */
  convolve2d(x: T, name: string, options: ImageConvolution): T;
  /** Largest of each square of `size` x `size` of images x [B, H, W, C], whose H and W are multiples of it. */
  maxPool2d(x: T, size: number, shape: readonly [height: number, width: number, channels: number]): T;
  /**
   * Batch normalisation of x [B, C, n] over B and n with the parameters `name.scale`, `.shift`, `.mean`, `.variance`
   * [C], eps 1e-3. While training, statistics come from the rows whose `rows` [B, 1] is 1.
   */
  batchNorm(x: T, name: string, rows: T): T;
  /** Identity except while training. */
  dropout(x: T, rate: number): T;
}

/** Samples out of {@link Graph.convolve}. */
export function convolvedLength({ length, taps, stride, padding }: Convolution): number {
  return Math.floor((length + padding[0] + padding[1] - taps) / stride) + 1;
}

/** Epsilon of {@link Graph.batchNorm}, EEGNet's. */
export const BATCH_NORM_EPSILON = 1e-3;
