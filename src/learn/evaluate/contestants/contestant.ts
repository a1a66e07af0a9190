import type { RatedDimension } from '../../datasets/dataset.js';
import type { Example } from '../../examples/example.js';
import type { Epoch } from '../../fit/fit.js';
import type { Outputs, Weights } from '../outputs.js';

/** One fold's data as a contestant gets it. Nothing may be decided by `test`. */
export interface FoldData {
  readonly train: readonly Example[];
  readonly validation: readonly Example[];
  /** Watched while training, for figures. */
  readonly test: readonly Example[];
}

/** What the windows held out of a fold's training part chose. */
export interface Chosen {
  /** Of those that were tried, as `penalty 10`; null: there was one. */
  readonly configuration: string | null;
  /** The epoch whose weights were kept; null: there are no epochs. */
  readonly epoch: number | null;
}

/** What learnt from one fold's training part. */
export interface Trained {
  /** Of each epoch; empty for what has none. */
  readonly history: readonly Epoch[];
  /** Null for what consists of several, and for what looks at no signal. */
  readonly chosen: Chosen | null;
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
