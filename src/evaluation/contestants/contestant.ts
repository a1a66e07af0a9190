import type { RatedDimension } from '../../datasets/dataset.js';
import type { Example } from '../../training/example.js';
import type { Epoch } from '../../training/fit.js';
import type { Outputs, Weights } from '../outputs.js';

/** One fold's data as a contestant gets it. Nothing may be decided by `test`. */
export interface FoldData {
  readonly train: readonly Example[];
  readonly validation: readonly Example[];
  /** Watched while training, for figures. */
  readonly test: readonly Example[];
}

/** What learnt from one fold's training part. */
export interface Trained {
  /** Of each epoch; empty for what has none. */
  readonly history: readonly Epoch[];
  /** Dimensions of {@link Outputs.heads}. */
  readonly heads: readonly RatedDimension[];
  /** Classes of {@link Outputs.classes}. */
  readonly classes: readonly string[];
  /** Modalities of {@link Weights.modalities}; empty where they are not weighed. */
  readonly modalities: readonly string[];
  /** `examples` are in order of time within their trials. */
  predict(examples: readonly Example[]): Promise<Outputs & Weights>;
  dispose(): Promise<void>;
}
