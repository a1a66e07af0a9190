import type { Seconds } from './clock.js';

export interface FeatureDescriptor {
  /** Channel or region that the feature speaks of: `Fp1`, `frontal_left`, `pupil`, `heart`. */
  readonly channel: string;
  /** `de_alpha`, `hr_mean` ... */
  readonly feature: string;
  readonly unit: string;
  /** What is measured too coarsely at this stream's rate to be relied on; absent where it may be. */
  readonly unreliable?: true;
}

/** Ordered features of one node. */
export interface FeatureSchema {
  readonly features: readonly FeatureDescriptor[];
}

/** Why values are masked; documented in docs/reference/codes.md. */
export const maskReasons = [
  'warming-up',
  'stale',
  'absent',
  'gap',
  'flat',
  'railed',
  'nan',
  'unlabelled',
  'unit',
  'low-coverage',
  'motion',
  'not-physiological',
  'failed',
] as const;
export type MaskReason = (typeof maskReasons)[number];

/** Why an index against a person's rest is missing: the rest is not over; too little was measured in it, or nothing varied; or as for features. */
export const indexReasons = ['resting', 'rest-unknown', ...maskReasons] as const;
export type IndexReason = (typeof indexReasons)[number];

/** The features of one window of one node. */
export interface FeatureVector {
  readonly schema: FeatureSchema;
  /** [F]; NaN where `present` is 0. */
  readonly values: Float64Array;
  /** [F]; 1 = measured, 0 = masked. */
  readonly present: Uint8Array;
  /** When the window closed. */
  readonly time: Seconds;
  readonly window: readonly [start: Seconds, end: Seconds];
  /** Mean usable share of the window over channels, 0..1. */
  readonly coverage: number;
  /** Why the whole vector is masked, or null. */
  readonly reason: MaskReason | null;
  /** [F] Why each value of an index is missing; null where it isn't. */
  readonly reasons?: readonly (IndexReason | null)[];
}

export function featureName(descriptor: FeatureDescriptor): string {
  return `${descriptor.channel}.${descriptor.feature}`;
}
