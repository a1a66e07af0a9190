import type { z } from 'zod';
import type { ModalityInput } from '../../core/model.js';
import { affectDimensions } from '../../core/prediction.js';
import type { Graph } from './graph.js';

/** How values are brought to the scale that a model was trained on: (x - mean) / sd, limited to +-clip_sd. */
export interface Standardisation {
  /** One a feature, or one a channel of a raw window. */
  readonly mean: readonly number[];
  /** Greater than 0. */
  readonly sd: readonly number[];
  /** Limit of the standardised value, in standard deviations; null = none. */
  readonly clip_sd: number | null;
}

/** One modality of a model as its manifest describes it. */
export type InputSpec = ModalityInput & {
  readonly name: string;
  readonly standardisation: Standardisation;
  /** Features only: the model gets each feature's mask (1 = measured) beside its value, [F values, F masks]. */
  readonly with_mask: boolean;
};

/**
 * Shape of a modality's model input without the batch axis: [F] or [2F] for features, [C, length] for raw windows,
 * [H, W, C] for images.
 */
export function inputShape(input: InputSpec): readonly number[] {
  if (input.kind === 'window') return [input.channels.length, input.length];
  if (input.kind === 'image') return [input.height, input.width, input.channels.length];
  return [input.features.length * (input.with_mask ? 2 : 1)];
}

/** Problems of a model that takes features alone; `who` begins each. */
export function windowProblems(inputs: readonly InputSpec[], who = 'it'): string[] {
  return inputs
    .filter(({ kind }) => kind !== 'features')
    .map(({ name }) => `inputs.${name}: ${who} takes features, not raw windows or images`);
}

export const headNames = affectDimensions;
export type HeadName = (typeof headNames)[number];

export type Initialisation = 'zeros' | 'ones' | 'fan-in' | 'unit' | 'normal' | 'adjacency';

export interface ParameterSpec {
  readonly name: string;
  readonly shape: readonly number[];
  /**
   * `fan-in`: normal, sd sqrt(2 / fan in), of which the last axis of a product's weight is no part (He et al. 2015);
   * `unit`: normal, sd 1 / sqrt(size); `normal`: sd 1; `adjacency`: [F, F], from how the training people's features of
   * the input {@link of} go together, the identity before that.
   */
  readonly initialisation: Initialisation;
  /** Name of an input, for `adjacency`. */
  readonly of?: string;
  /** Inputs that each output sums over, for `fan-in`. */
  readonly fan_in: number;
  /** Largest Euclidean norm that a column (along all axes but the last) may have after a training step. */
  readonly max_norm?: number;
  /** False for running statistics, which the optimiser leaves alone. */
  readonly trainable: boolean;
}

/** What a model can give, in the order of an ONNX file's outputs. */
export const outputNames = ['heads', 'weights', 'routing', 'classes', 'ranking'] as const;
export type OutputName = (typeof outputNames)[number];

/** Which outcomes a ranking tells of the first of a pair, in the order of its logits. */
export const rankOutcomes = ['higher', 'similar', 'lower'] as const;

/** What every model gives, whichever it is; null what it does not have. */
export interface ModelValues<T> {
  /** [B, heads], in the order of {@link ModelOutputs.heads}; native scale -1..1, not clipped. */
  readonly heads: T | null;
  /** [B, M] fusion weights, exactly 0 for absent modalities; null where modalities are not weighed against each other. */
  readonly weights: T | null;
  /** [B, L] routing weights. */
  readonly routing: T | null;
  /** [B, C] logits, in the order of {@link ModelOutputs.classes}. */
  readonly classes: T | null;
  /**
   * [B, D * 6]. PRNet's linear layer on a pair [f_i; f_j] is a sum of what it makes of each: for every ranked dimension
   * the three logits of {@link rankOutcomes} that this window brings as the first of a pair (bias included), then the
   * three that it brings as the second.
   */
  readonly ranking: T | null;
  /**
   * One [B, d] a modality: what fusion takes, and what losses between modalities work on. Or one of the whole window
   * ({@link ModelDefinition.jointEmbedding}).
   */
  readonly embeddings: readonly T[];
}

/** What a model tells of a window. Lists are empty where it does not. */
export interface ModelOutputs {
  readonly heads: readonly HeadName[];
  /** Heads tell High from Low: twice the probability that a dimension is above the middle of its scale, less 1. */
  readonly binary_heads?: boolean;
  /** Names of classes. */
  readonly classes: readonly string[];
  /** Ranked dimensions. */
  readonly ranking: readonly HeadName[];
}

/** A kind of model: everything that training, the manifest and the engines need to know of it. */
export interface ModelDefinition<Settings> {
  /** The `type` in a manifest and in a pipeline file; equal to the file's name. */
  readonly type: string;
  readonly summary: string;
  /** The paper's equations, or the work, that it comes from. */
  readonly source: string;
  readonly settings: z.ZodType<Settings>;
  /** Problems between settings and inputs, one line each; empty when they fit. */
  problems(settings: Settings, inputs: readonly InputSpec[]): string[];
  outputs(settings: Settings): ModelOutputs;
  /** Width d of {@link ModelValues.embeddings}. */
  embeddingWidth(settings: Settings, inputs: readonly InputSpec[]): number;
  /** Whether {@link ModelValues.embeddings} is one of the whole window instead of one a modality; default: no. */
  readonly jointEmbedding?: boolean;
  parameters(settings: Settings, inputs: readonly InputSpec[]): ParameterSpec[];
  forward<T>(graph: Graph<T>, settings: Settings, inputs: readonly InputSpec[]): ModelValues<T>;
}

/** A definition bound to settings and inputs, so that its users need not know the settings' type. */
export interface BoundModel extends ModelOutputs {
  readonly type: string;
  /** As its definition takes them, to bind it again in another thread. */
  readonly settings: unknown;
  readonly inputs: readonly InputSpec[];
  readonly embeddingWidth: number;
  readonly jointEmbedding: boolean;
  readonly parameters: readonly ParameterSpec[];
  forward<T>(graph: Graph<T>): ModelValues<T>;
}

export function bindModel<S>(
  definition: ModelDefinition<S>,
  settings: S,
  inputs: readonly InputSpec[],
): BoundModel {
  return {
    type: definition.type,
    settings,
    inputs,
    ...definition.outputs(settings),
    embeddingWidth: definition.embeddingWidth(settings, inputs),
    jointEmbedding: definition.jointEmbedding ?? false,
    parameters: definition.parameters(settings, inputs),
    forward: (graph) => definition.forward(graph, settings, inputs),
  };
}

/** Values of {@link ModelValues.ranking} a window. */
export function rankingWidth({ ranking }: Pick<ModelOutputs, 'ranking'>): number {
  return 2 * rankOutcomes.length * ranking.length;
}
