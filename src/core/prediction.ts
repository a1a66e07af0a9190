import type { Seconds } from './clock.js';

/** Dimensions of affect that models tell and people rate; native scale -1..1. */
export const affectDimensions = ['valence', 'arousal', 'dominance', 'liking'] as const;

/** What a model was shown to be worth; every view shows it. */
export const evidences = ['simulated', 'validated', 'none'] as const;
export type Evidence = (typeof evidences)[number];

/** Of a validated model: what lies outside of what was evaluated; documented in docs/reference/codes.md. */
export const outOfScopeReasons = ['dialect', 'channels', 'unit', 'rate', 'modalities'] as const;
export type OutOfScope = (typeof outOfScopeReasons)[number];

/** Why a prediction is not valid; documented in docs/reference/codes.md. */
export const invalidReasons = [
  'warming-up',
  'no-input',
  'too-few-modalities',
  'required-modality-missing',
  'low-coverage',
  'unmapped-channels',
  'out-of-distribution',
  'not-physiological',
  'no-skill',
  'model-failed',
] as const;
export type InvalidReason = (typeof invalidReasons)[number];

/** Why a dimension has no value although its window was shown to the model; documented in docs/reference/codes.md. */
export const abstentionReasons = ['no-skill'] as const;
export type AbstentionReason = (typeof abstentionReasons)[number];

export interface ModalityState {
  readonly present: boolean;
  /** Usable share of the window, 0..1. */
  readonly coverage: number;
  /** What the model's fusion gave the modality, 0..1; null where the model fuses nothing. */
  readonly weight: number | null;
  /** Why it is masked, when it is. */
  readonly reason?: string;
}

/**
 * By present modality, then by what the model tells, a dimension or `classes.NAME`: the value less what it would be with
 * the modality masked.
 */
export type Contribution = Readonly<Record<string, Readonly<Record<string, number>>>>;

export interface Interval {
  readonly level: number;
  /** Null where the dimension has no value. */
  readonly valence: readonly [number, number] | null;
  readonly arousal: readonly [number, number] | null;
}

/** How a moment compares with an anchor moment of the same person. */
export interface AnchorRanking {
  readonly is: 'higher' | 'similar' | 'lower';
  readonly probabilities: Readonly<Record<'higher' | 'similar' | 'lower', number>>;
}

/** One line of `replay`; on the WebSocket with `time_unix` and `age_ms` added. */
export interface Prediction {
  readonly stream: 'affect';
  readonly session: string;
  readonly seq: number;
  readonly time: Seconds;
  readonly window: readonly [Seconds, Seconds];
  /** -1..1, clipped, 6 decimals; null when nothing could be computed. */
  readonly valence: number | null;
  readonly arousal: number | null;
  readonly dominance?: number;
  readonly liking?: number;
  /**
   * Probability that a dimension is above the middle of its scale, of models that tell High from Low. Such a model's
   * `valence` and the like are twice this, less 1.
   */
  readonly high?: Readonly<Record<string, number>>;
  /** Probability of each class that the model tells apart. */
  readonly classes?: Readonly<Record<string, number>>;
  /** By ranked dimension, then by anchor. */
  readonly ranking?: Readonly<Record<string, Readonly<Record<string, AnchorRanking>>>>;
  readonly routing?: readonly number[];
  readonly interval: Interval | null;
  /** Why a dimension has no value: the sensors that are there were not shown to tell it. */
  readonly abstained?: Readonly<Record<string, AbstentionReason>>;
  /** On request. */
  readonly contribution?: Contribution;
  readonly modalities: Readonly<Record<string, ModalityState>>;
  readonly valid: boolean;
  readonly reason: InvalidReason | null;
  /** Where any stream that feeds the model was simulated. */
  readonly simulated?: true;
  readonly evidence: Evidence;
  /** Where the model is validated and this moment isn't: what was never evaluated. */
  readonly evidence_reason?: OutOfScope;
  readonly model: string;
  readonly pipeline: string;
}
