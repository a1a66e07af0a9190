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
  'overloaded',
  'model-failed',
  'failed',
] as const;
export type InvalidReason = (typeof invalidReasons)[number];

/** Why a dimension has no value although its window was shown to the model; documented in docs/reference/codes.md. */
export const abstentionReasons = ['no-skill'] as const;
export type AbstentionReason = (typeof abstentionReasons)[number];

/**
 * By present modality, then by what the model tells, a dimension or `classes.NAME`: the value less what it would be with
 * the modality masked.
 */
export type Contribution = Readonly<Record<string, Readonly<Record<string, number>>>>;
