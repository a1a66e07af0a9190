import type { RatedDimension } from '../datasets/dataset.js';
import type { ModelInputs } from '../examples/dataset.js';
import type { Example } from '../examples/example.js';
import type { Epoch } from '../fit/fit.js';
import type { Chosen } from './contestants/contestant.js';
import type { EvaluateConfig, ModelPlan } from './evaluate-config.js';
import type { Outputs, Weights } from './outputs.js';
import type { Fold } from './splits/fold.js';

/** The data set as every fold sees it. */
export interface EvaluationData {
  readonly examples: readonly Example[];
  readonly inputs: ModelInputs;
  readonly classes: readonly string[];
  /** Dimensions that some label has. */
  readonly dimensions: readonly RatedDimension[];
  /** From one window to the next, s. */
  readonly hop_s: number;
}

/** One model on one fold with one seed: the unit of work that is cached. */
export interface FoldTask {
  readonly learner: ModelPlan;
  readonly seed: number;
  readonly fold: Fold;
  readonly sweeps: EvaluateConfig['sweeps'];
  /** Sets of modalities of which predictions are wanted, too, the others masked. */
  readonly alone: readonly (readonly string[])[];
}

/** Predictions under one condition of a sweep. */
export interface Condition<Kind> {
  readonly condition: Kind;
  readonly outputs: Outputs;
}

export interface MissingCondition {
  readonly kind: 'single' | 'bursts';
  /** Asked for. */
  readonly rate: number;
  /** What was taken: one modality always stays. */
  readonly share: number;
}

export interface AsynchronyCondition {
  readonly modality: string;
  /** In whole hops. */
  readonly shift_s: number;
}

/** What came of a task. Plain data: it crosses threads and is kept on disk. */
export interface FoldOutcome {
  readonly heads: readonly RatedDimension[];
  readonly classes: readonly string[];
  readonly modalities: readonly string[];
  readonly history: readonly Epoch[];
  readonly chosen: Chosen | null;
  /** Of the fold's test windows, in their order. */
  readonly outputs: Outputs & Weights;
  readonly missing: readonly Condition<MissingCondition>[];
  readonly asynchrony: readonly Condition<AsynchronyCondition>[];
  /** Of the test windows with some modalities alone. */
  readonly alone: readonly { readonly modalities: readonly string[]; readonly outputs: Outputs }[];
}
