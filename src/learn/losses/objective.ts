import type * as tfjs from '@tensorflow/tfjs';
import type { z } from 'zod';
import type { Tfjs } from '../../model/engines/tfjs-graph.js';
import type { BoundModel, ModelValues, ParameterSpec } from '../../model/networks/definition.js';
import type { Example } from '../examples/example.js';

type Tensor = tfjs.Tensor;

/** Labels beside a mask of the same shape: where it is 0 the label is not looked at. */
export interface MaskedLabels {
  readonly label: Tensor;
  readonly mask: Tensor;
}

/** A batch of B windows with all that a loss may look at. */
export interface ObjectiveBatch {
  /** [B] */
  readonly examples: readonly Example[];
  /** By modality [B, ...], and `presence` [B, M]; after inputs were dropped. */
  readonly inputs: ReadonlyMap<string, Tensor>;
  /** [B, heads], in the model's order. */
  readonly heads: MaskedLabels;
  /** [B, classes], 1 at the class; its mask is [B, 1]. */
  readonly classes: MaskedLabels;
}

export interface ObjectiveContext {
  readonly tf: Tfjs;
  readonly model: BoundModel;
  readonly values: ModelValues<Tensor>;
  readonly batch: ObjectiveBatch;
  /** A parameter that the objective brought itself. */
  parameter(name: string): Tensor;
  /** Sets a non-trainable parameter to a value once the step is done; not while testing. */
  remember(name: string, value: Tensor): void;
  /** Uniform numbers in [0, 1), for permutations. */
  readonly uniform: () => number;
}

/** Something that training minimises; a file of this folder. */
export interface Objective<S extends { readonly weight: number }> {
  /** Its key under `loss` in a training configuration; equal to the file's name with `_` for `-`. */
  readonly name: string;
  readonly summary: string;
  readonly source: string;
  readonly settings: z.ZodType<S>;
  /** What the model lacks for it, one line each. */
  problems(model: BoundModel): string[];
  /** Parameters that exist while training only; their names begin with the objective's. */
  parameters(settings: S, model: BoundModel): ParameterSpec[];
  /** A scalar, not yet weighted. */
  loss(settings: S, context: ObjectiveContext): Tensor;
}

/** Sum over axis 0 of x [B, H] where `mask` is 1, divided by the mask's own sum: [1, H]. */
export function maskedMean(tf: Tfjs, x: Tensor, mask: Tensor): Tensor {
  return tf.div(tf.sum(tf.mul(x, mask), 0, true), tf.maximum(tf.sum(mask, 0, true), 1));
}

/** The problem of a model without dimensions. */
export function needsHeads(model: BoundModel): string[] {
  return model.heads.length === 0 ? ['the model has no heads'] : [];
}

/** Problems of a loss between the embeddings of modalities. */
export function needsModalityEmbeddings(model: BoundModel): string[] {
  return model.jointEmbedding ? ['this kind of model has no embedding of each modality'] : [];
}

/** Problems of a loss that compares modalities with each other. */
export function needsSeveralModalities(model: BoundModel): string[] {
  if (model.inputs.length < 2) return ['it compares modalities, and the model has one'];
  return needsModalityEmbeddings(model);
}

/** Problems of a loss that looks at the features themselves. */
export function needsFeatures({ inputs }: BoundModel): string[] {
  return inputs
    .filter(({ kind }) => kind !== 'features')
    .map(({ name }) => `modality ${name} is a raw window; it takes features`);
}
