import { softmax } from '../../model/engines/inference.js';

/** What a model said of some windows, in their order. Row-major; empty where it does not say it. */
export interface Outputs {
  /** [n, heads] native scale -1..1, clipped to it. */
  readonly heads: Float32Array;
  /** [n, classes] probabilities. */
  readonly classes: Float32Array;
}

/** What a model weighed inside. */
export interface Weights {
  /** [n, M] fusion weights, by modality; empty where the model fuses nothing. */
  readonly modalities: Float32Array;
  /** [n, L] routing weights, by emotion expert. */
  readonly routing: Float32Array;
}

/** Logits [n, classes] as probabilities. */
export function softmaxRows(logits: Float32Array, width: number): Float32Array {
  const out = new Float32Array(logits.length);
  for (let from = 0; from < logits.length; from += width)
    out.set(softmax(logits.subarray(from, from + width)), from);
  return out;
}
