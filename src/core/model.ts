import type { FeatureDescriptor } from './features.js';
import type { Contribution } from './prediction.js';
import type { Worth } from './worth.js';

/** What one modality of a model takes: an ordered feature vector, a raw window or an image. */
export type ModalityInput =
  | {
      readonly kind: 'features';
      readonly features: readonly FeatureDescriptor[];
      /** Digest of the transforms between the source and this input, source and sinks left out. */
      readonly upstream: string;
    }
  | {
      readonly kind: 'window';
      readonly channels: readonly string[];
      readonly sfreq_hz: number;
      readonly length: number;
      readonly upstream: string;
    }
  | {
      readonly kind: 'image';
      /** Such as red, green and blue. */
      readonly channels: readonly string[];
      /** Rows and columns. */
      readonly height: number;
      readonly width: number;
      readonly upstream: string;
    };

/** Values that each feature, or each channel of a raw window or image, has: 1, its samples or its pixels. */
export function valuesPerChannel(input: ModalityInput): number {
  if (input.kind === 'features') return 1;
  return input.kind === 'window' ? input.length : input.height * input.width;
}

/** How many values a modality's mask has: one a feature, or a channel. */
export function maskLength(input: ModalityInput): number {
  return input.kind === 'features' ? input.features.length : input.channels.length;
}

/** One modality of one window, ready for the model: aligned to the model's schema, zeroed where masked. */
export interface ModalityFrame {
  /** [F] features, [C * length] raw samples, or [H, W, C] of an image, 0..255; not yet standardised; 0 where `mask` is 0. */
  readonly values: Float32Array;
  /** [F] (features) or [C] (raw windows and images): 1 = measured. */
  readonly mask: Uint8Array;
  readonly present: boolean;
  /** Gives {@link values} where they're still to be fetched, as an image's from its file: until then they're empty. */
  readonly load?: () => Promise<Float32Array>;
}

/**
 * A moment's part of PRNet's linear layer on pairs: the three logits (higher, similar, lower) of the first moment
 * against the second are `first` of the one plus `second` of the other.
 */
export interface RankingScores {
  readonly first: readonly number[];
  readonly second: readonly number[];
}

/** A window's model input, one frame for every modality of the model's schema, in its order. */
export type ModelFrame = readonly ModalityFrame[];

/** A frame without the modalities that are `gone`. */
export function without(frame: ModelFrame, gone: readonly boolean[]): ModelFrame {
  return frame.map((modality, m) => (gone[m] ? { ...modality, present: false } : modality));
}

export interface ModelOutput {
  /** Native scale -1..1, not yet clipped; null where the model does not tell it. */
  readonly valence: number | null;
  readonly arousal: number | null;
  readonly dominance?: number;
  readonly liking?: number;
  /** Probability that a dimension is above the middle of its scale, of models that tell High from Low. */
  readonly high?: Readonly<Record<string, number>>;
  /** Fusion weight of each modality, in schema order; 0 for absent ones. Empty where the model fuses nothing. */
  readonly weights: readonly number[];
  /** Probability of each class, in the model's order. */
  readonly classes?: Readonly<Record<string, number>>;
  /** What this moment brings to a comparison with another, by ranked dimension. */
  readonly ranking?: Readonly<Record<string, RankingScores>>;
  /** Emotion experts' routing weights; empty where the model has none. */
  readonly routing: readonly number[];
  /** Modalities whose values lie outside everything that the model was trained on; left out where it cannot tell. */
  readonly unfamiliar?: readonly string[];
  /** Where it was asked for. */
  readonly contribution?: Contribution;
  /** Calibrated intervals, [least, greatest] within -1..1; null where nothing is known. */
  readonly interval: {
    readonly level: number;
    readonly valence: readonly [number, number] | null;
    readonly arousal: readonly [number, number] | null;
  } | null;
  /**
   * Dimensions, and `classes`, that the present modalities were not shown to tell: their values are not to be told on.
   * Left out where it was not measured.
   */
  readonly abstained?: readonly string[];
}

/** Whether every value of an output is a number. */
export function isAnswer(output: ModelOutput): boolean {
  const isNumber = (value: unknown): boolean => {
    if (typeof value === 'number') return Number.isFinite(value);
    return typeof value !== 'object' || value === null || Object.values(value).every(isNumber);
  };
  return isNumber(output);
}

/** A loaded model, wherever it runs. `predict` never blocks the event loop. */
export interface ModelRunner {
  readonly name: string;
  /** `name@sha256:...` */
  readonly id: string;
  readonly type: string;
  readonly worth: Worth;
  readonly engine: string;
  /** Whether it gave no answer when it was asked last: it died, hung, or gave what is no number. Default: it answers. */
  readonly isFailing?: boolean;
  /** Modalities in the order of {@link ModelFrame}. */
  readonly inputs: ReadonlyMap<string, ModalityInput>;
  /** Whether it weighs modalities against each other: {@link ModelOutput.weights}. */
  readonly fuses: boolean;
  /** Fewest present modalities, and those that must be present, for a valid prediction. */
  readonly validity: { readonly min_present: number; readonly required: readonly string[] };
  /** `explain`: with {@link ModelOutput.contribution}; everything else has the same bits as without. */
  predict(frames: readonly ModelFrame[], explain?: boolean): Promise<ModelOutput[]>;
  close(): Promise<void>;
}
