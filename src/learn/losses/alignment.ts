import type * as tfjs from '@tensorflow/tfjs';
import { z } from 'zod';
import type { Tfjs } from '../../model/engines/tfjs-graph.js';
import { GramMatrix } from '../../model/engines/wasm/gram-matrix.js';
import { type Example, sameTrial } from '../examples/example.js';
import { needsSeveralModalities, type Objective } from './objective.js';

type Tensor = tfjs.Tensor;

/**
 * NT-Xent between the modalities of the same window (Chen et al. 2020; Hi-MoE, Eq. 7 (NT-Xent)), averaged over every ordered
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
  const [here, apart] = [presence, comparable].map((x) => x.dataSync() as Float32Array);
  const operation = tf.customGrad((...args: (Tensor | tfjs.GradSaveFunc)[]) => {
    const given = args.slice(0, embeddings.length) as Tensor[];
    const values = given.map((x) => x.dataSync() as Float32Array);
    const { loss, gradients } = contrast(values, here, apart, temperature);
    return {
      value: tf.scalar(loss) as Tensor,
      gradFunc: (dy: Tensor) => given.map(({ shape }, m) => tf.mul(dy, tf.tensor(gradients[m], shape))),
    };
  });
  return operation(...embeddings) as tfjs.Scalar;
}

const grams = new Map<string, GramMatrix>();

function gramMatrix(count: number, width: number): GramMatrix {
  const key = `${count} ${width}`;
  const gram = grams.get(key) ?? new GramMatrix(count, width);
  grams.set(key, gram);
  return gram;
}

/**
 * {@link alignmentLoss} and its gradients on arrays: as tensor operations it would pass over all pairs of rows some fifty
 * times, and cost more than the model.
 */
function contrast(
  embeddings: readonly Float32Array[],
  presence: Float32Array,
  comparable: Float32Array,
  temperature: number,
): { loss: number; gradients: Float32Array[] } {
  const modalities = embeddings.length;
  const rows = presence.length / modalities;
  const width = embeddings[0].length / rows;
  // Rows of all modalities: anchor a = m * rows + i.
  const all = modalities * rows;
  const gram = gramMatrix(all, width);
  const unit = gram.rows;
  const norms = new Float64Array(all);
  const here = new Uint8Array(all);
  for (let a = 0; a < all; a++) {
    const [m, i] = [Math.floor(a / rows), a % rows];
    here[a] = presence[i * modalities + m];
    const own = embeddings[m].subarray(i * width, (i + 1) * width);
    let square = 1e-12;
    for (let k = 0; k < width; k++) square += own[k] * own[k];
    norms[a] = Math.sqrt(square);
    for (let k = 0; k < width; k++) unit[a * width + k] = own[k] / norms[a];
  }

  // Cosines are at most 1: with that taken off, no exponential overflows. Slopes become the gradient by the cosines.
  const slopes = gram.products();
  const odds = new Float32Array(all * all);
  const negatives = new Float64Array(all * modalities);
  let counted = 0;
  for (let a = 0; a < all; a++) {
    if (!here[a]) continue;
    for (let b = 0; b < all; b++) {
      if (!here[b]) continue;
      const [i, n, j] = [a % rows, Math.floor(b / rows), b % rows];
      const e = Math.exp((slopes[a * all + b] - 1) / temperature);
      odds[a * all + b] = e;
      if (i !== j) negatives[a * modalities + n] += e * comparable[i * rows + j];
      else if (a !== b) counted++;
    }
  }
  const share = 1 / Math.max(1, counted);
  let loss = 0;
  for (let a = 0; a < all; a++) {
    const [m, i] = [Math.floor(a / rows), a % rows];
    // What each modality's negatives weigh in this anchor's losses, and the slope along its positive there.
    const weights = new Float64Array(modalities);
    const positives = new Float64Array(modalities);
    for (let n = 0; n < modalities; n++) {
      const b = n * rows + i;
      if (n === m || !here[a] || !here[b]) continue;
      const e = odds[a * all + b];
      const denominator = e + negatives[a * modalities + n] + negatives[a * modalities + m] + 1e-12;
      loss += share * (Math.log(denominator) - (slopes[a * all + b] - 1) / temperature);
      positives[n] = (share / temperature) * (e / denominator - 1);
      weights[n] += share / temperature / denominator;
      weights[m] += share / temperature / denominator;
    }
    for (let b = 0; b < all; b++) {
      const [n, j] = [Math.floor(b / rows), b % rows];
      slopes[a * all + b] =
        i === j ? positives[n] : weights[n] * odds[a * all + b] * comparable[i * rows + j];
    }
  }
  return { loss, gradients: backToEmbeddings(gram, symmetric(slopes, all), norms, modalities) };
}

/** G + transpose(G): each cosine is a product of two rows. */
function symmetric(matrix: Float32Array, size: number): Float32Array {
  const sum = new Float32Array(matrix.length);
  for (let a = 0; a < size; a++)
    for (let b = 0; b < size; b++) sum[a * size + b] = matrix[a * size + b] + matrix[b * size + a];
  return sum;
}

/** Through the normalisation of rows: what lies along a row's own direction goes nowhere. */
function backToEmbeddings(
  gram: GramMatrix,
  slopes: Float32Array,
  norms: Float64Array,
  modalities: number,
): Float32Array[] {
  const { width, rows: unit } = gram;
  const shares = gram.multiply(slopes);
  const gradient = new Float32Array(shares.length);
  for (let a = 0; a < gram.count; a++) {
    let along = 0;
    for (let k = a * width; k < (a + 1) * width; k++) along += shares[k] * unit[k];
    for (let k = a * width; k < (a + 1) * width; k++) gradient[k] = (shares[k] - along * unit[k]) / norms[a];
  }
  const size = gradient.length / modalities;
  return Array.from({ length: modalities }, (_, m) => gradient.subarray(m * size, (m + 1) * size));
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
    .describe('`all`: every other row, as Hi-MoE has it; `apart` leaves out windows that overlap in time.'),
});

export const alignment: Objective<z.infer<typeof settings>> = {
  name: 'alignment',
  summary: 'NT-Xent between the modalities of a window.',
  source: 'Hi-MoE, Eq. 1 (cross-modal similarity), Eq. 7 (NT-Xent); Chen et al. 2020',
  settings,
  problems: needsSeveralModalities,
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
