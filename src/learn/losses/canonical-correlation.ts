import type * as tfjs from '@tensorflow/tfjs';
import { EigenvalueDecomposition, Matrix, SingularValueDecomposition } from 'ml-matrix';
import { z } from 'zod';
import type { Tfjs } from '../../model/engines/tfjs-graph.js';
import { needsModalityEmbeddings, type Objective } from './objective.js';

type Tensor = tfjs.Tensor;

/** S^-1/2 of a symmetric positive matrix. */
function inverseRoot(s: Matrix): Matrix {
  const { eigenvectorMatrix: v, realEigenvalues } = new EigenvalueDecomposition(s, { assumeSymmetric: true });
  const roots = Matrix.diag(realEigenvalues.map((value) => 1 / Math.sqrt(Math.max(value, 1e-12))));
  return v.mmul(roots).mmul(v.transpose());
}

/**
 * The total correlation of two views of the same windows and its gradients (Andrew et al. 2013, sections 3 and A): the
 * sum of the singular values of T = S11^-1/2 S12 S22^-1/2, with `ridge` on the diagonals of S11 and S22.
 *
 * @param a [m, p]
 * @param b [m, q]
 */
export function totalCorrelation(
  a: Matrix,
  b: Matrix,
  ridge: number,
): { correlation: number; gradients: [Matrix, Matrix] } {
  const m = a.rows;
  const centred = (x: Matrix): Matrix => x.clone().subRowVector(x.mean('column'));
  const [x, y] = [centred(a), centred(b)];
  const covariance = (u: Matrix, v: Matrix): Matrix =>
    u
      .transpose()
      .mmul(v)
      .mul(1 / (m - 1));
  const [r1, r2] = [
    inverseRoot(covariance(x, x).add(Matrix.eye(a.columns).mul(ridge))),
    inverseRoot(covariance(y, y).add(Matrix.eye(b.columns).mul(ridge))),
  ];
  const svd = new SingularValueDecomposition(r1.mmul(covariance(x, y)).mmul(r2), { autoTranspose: true });
  const { leftSingularVectors: u, rightSingularVectors: v, diagonal } = svd;
  const cross = r1.mmul(u).mmul(v.transpose()).mmul(r2);
  const own = (r: Matrix, vectors: Matrix): Matrix =>
    r.mmul(vectors).mmul(Matrix.diag(diagonal)).mmul(vectors.transpose()).mmul(r).mul(-0.5);
  const gradient = (self: Matrix, mine: Matrix, other: Matrix, weights: Matrix): Matrix =>
    self
      .mmul(mine)
      .mul(2)
      .add(other.mmul(weights))
      .mul(1 / (m - 1));
  return {
    correlation: diagonal.reduce((sum, value) => sum + value, 0),
    gradients: [gradient(x, own(r1, u), y, cross.transpose()), gradient(y, own(r2, v), x, cross)],
  };
}

const matrixOf = (x: Tensor): Matrix => {
  const [rows, columns] = x.shape as [number, number];
  return Matrix.from1DArray(rows, columns, [...x.dataSync()]);
};

/** {@link totalCorrelation} of tensors, differentiable; its small matrices are computed outside tfjs. */
export function correlationOf(tf: Tfjs, a: Tensor, b: Tensor, ridge: number): Tensor {
  const f = tf.customGrad((...args: (Tensor | tfjs.GradSaveFunc)[]) => {
    const [x, y, save] = args as [Tensor, Tensor, tfjs.GradSaveFunc];
    const { correlation, gradients } = totalCorrelation(matrixOf(x), matrixOf(y), ridge);
    const tensors = gradients.map((g) => tf.tensor2d(g.to1DArray(), [g.rows, g.columns]));
    save(tensors);
    return {
      value: tf.scalar(correlation),
      gradFunc: (dy: Tensor, saved: Tensor[]) => saved.map((g) => tf.mul(g, dy)),
    };
  });
  return f(a, b);
}

const settings = z.strictObject({
  weight: z.number().min(0),
  ridge: z.number().positive().default(1e-3).describe('Added to the covariances.'),
});

/** Minus the total correlation of two modalities' embeddings over the windows that have both. */
export const canonicalCorrelation: Objective<z.infer<typeof settings>> = {
  name: 'canonical_correlation',
  summary: 'Makes the embeddings of two modalities say the same: deep canonical correlation analysis.',
  source: 'Andrew et al. 2013; DCCA with attention fusion: Liu et al. 2021, with the model `atam`',
  settings,
  problems: (model) =>
    model.inputs.length !== 2
      ? ['it takes a model of exactly two modalities']
      : needsModalityEmbeddings(model),
  parameters: () => [],
  loss({ ridge }, { tf, values, batch }) {
    const presence = batch.inputs.get('presence')!.dataSync();
    const both = batch.examples.flatMap((_, i) => (presence[2 * i] * presence[2 * i + 1] === 1 ? [i] : []));
    if (both.length < 2) return tf.mul(tf.sum(values.embeddings[0]), 0);
    // A selection as a product, which differentiates on every backend.
    const rows = tf.oneHot(tf.tensor1d(both, 'int32'), batch.examples.length).toFloat() as tfjs.Tensor2D;
    const [a, b] = values.embeddings.map((z) => tf.matMul(rows, z as tfjs.Tensor2D));
    return tf.neg(correlationOf(tf, a, b, ridge));
  },
};
