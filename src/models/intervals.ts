import type { ModelFrame } from '../core/model.js';

/** Dimensions that intervals are told of. */
export const intervalDimensions = ['valence', 'arousal'] as const;
export type IntervalDimension = (typeof intervalDimensions)[number];

/**
 * How wide intervals are: half the width in a window is the quantile of the set of modalities that are present, times the
 * scale that the window's {@link moment} gives, `exp(weights . moment)` (normalised conformal prediction; Papadopoulos et
 * al. 2002; Lei et al. 2018).
 */
export interface Calibration {
  /** Share of labels that intervals hold. */
  readonly level: number;
  /** Weights of the scale, [1 + 2 heads + 2 modalities], of each dimension that has intervals. */
  readonly scale: Readonly<Partial<Record<IntervalDimension, readonly number[]>>>;
  /** By set of modalities (`setName`); of a set that is not here nothing is known, nor of a dimension that is null. */
  readonly quantiles: Readonly<Record<string, Readonly<Partial<Record<IntervalDimension, number | null>>>>>;
}

/** How many values a {@link moment} has. */
export function momentWidth(heads: number, modalities: number): number {
  return 1 + 2 * heads + 2 * modalities;
}

/**
 * What makes a window hard, as far as a line can tell: 1; each head's value, cut to -1..1, and its square (towards the ends of
 * the scale less can be wrong); whether each modality is present, and what share of its features or channels is measured.
 *
 * @param heads [H] as the model gives them
 * @param present [M]
 */
export function moment(
  heads: ArrayLike<number>,
  frame: ModelFrame,
  present: readonly boolean[],
): Float64Array {
  const width = momentWidth(heads.length, frame.length);
  const out = new Float64Array(width);
  out[0] = 1;
  let at = 1;
  for (let h = 0; h < heads.length; h++) {
    const value = onScale(heads[h]);
    out[at++] = value;
    out[at++] = value * value;
  }
  for (const [m, { mask }] of frame.entries()) {
    out[at++] = present[m] ? 1 : 0;
    let measured = 0;
    for (let i = 0; present[m] && i < mask.length; i++) measured += mask[i];
    out[at++] = measured / mask.length;
  }
  return out;
}

/** Half the width that an interval has for each unit of its set's quantile. */
export function scaleOf(weights: ArrayLike<number>, of: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < of.length; i++) sum += weights[i] * of[i];
  return Math.exp(sum);
}

/** Half the width of a dimension's interval, before it is cut to -1..1; null where nothing is known of the set. */
export function halfWidth(
  { scale, quantiles }: Calibration,
  dimension: IntervalDimension,
  set: string,
  of: ArrayLike<number>,
): number | null {
  const weights = scale[dimension];
  const quantile = quantiles[set]?.[dimension] ?? null;
  return weights && quantile !== null ? quantile * scaleOf(weights, of) : null;
}

/** A value cut to the scale of labels. */
export function onScale(value: number): number {
  return Math.max(-1, Math.min(1, value));
}
