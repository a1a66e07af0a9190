import type { ModelFrame } from '../core/model.js';

/** Dimensions that intervals are told of. */
export const intervalDimensions = ['valence', 'arousal'] as const;
export type IntervalDimension = (typeof intervalDimensions)[number];

/** Least and greatest label that an interval holds, within -1..1. */
export type Bounds = readonly [number, number];

/** A value for each set of modalities (`setName`) and dimension. */
export type BySet<Value> = Readonly<Record<string, Readonly<Partial<Record<IntervalDimension, Value>>>>>;

/**
 * Where intervals lie and how wide they are: the middle is a share of the estimate, half the width in a window is the quantile of
 * the set of modalities that are present, times the scale that the window's {@link moment} gives, `exp(weights . moment)`
 * (normalised conformal prediction; Papadopoulos et al. 2002; Lei et al. 2018). An estimate that lies no further from 0 than
 * where nothing is felt has an interval that reaches 0.
 */
export interface Calibration {
  /** Share of labels that intervals hold. */
  readonly level: number;
  /** Weights of the scale, [1 + 2 heads + 2 modalities], of each dimension that has intervals. */
  readonly scale: Readonly<Partial<Record<IntervalDimension, readonly number[]>>>;
  /** Share of the estimate at which the middle of an interval lies; left out: 1. */
  readonly middle?: BySet<number>;
  /** How many scales from 0 an estimate may lie where nothing is felt; left out, or null: not known, and nothing is held for it. */
  readonly neutral?: BySet<number | null>;
  /** Of a set that is not here nothing is known, nor of a dimension that is null. */
  readonly quantiles: BySet<number | null>;
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

/** A dimension's interval about an estimate, which it holds; null where nothing is known of the set. */
export function boundsOf(
  calibration: Calibration,
  dimension: IntervalDimension,
  set: string,
  value: number,
  of: ArrayLike<number>,
): Bounds | null {
  const weights = calibration.scale[dimension];
  const quantile = calibration.quantiles[set]?.[dimension] ?? null;
  if (!weights || quantile === null) return null;
  const scale = scaleOf(weights, of);
  const { centre, held } = placeOf(calibration, dimension, set, value, scale);
  const half = quantile * scale;
  return [onScale(Math.min(held[0], centre - half)), onScale(Math.max(held[1], centre + half))];
}

/** Least half width about the middle with which an interval holds a label, in units of the window's scale. */
export function halfWidthFor(
  calibration: Pick<Calibration, 'middle' | 'neutral'>,
  dimension: IntervalDimension,
  set: string,
  value: number,
  scale: number,
  label: number,
): number {
  const { centre, held } = placeOf(calibration, dimension, set, value, scale);
  return held[0] <= label && label <= held[1] ? 0 : Math.abs(label - centre) / scale;
}

/** The middle of an interval, and what it holds however narrow it is: its estimate, and 0 where that is no sign of anything. */
function placeOf(
  { middle, neutral }: Pick<Calibration, 'middle' | 'neutral'>,
  dimension: IntervalDimension,
  set: string,
  value: number,
  scale: number,
): { readonly centre: number; readonly held: Bounds } {
  const told = onScale(value);
  const centre = (middle?.[set]?.[dimension] ?? 1) * told;
  const reach = neutral?.[set]?.[dimension] ?? null;
  const far = reach !== null && Math.abs(told) <= reach * scale ? 0 : centre;
  return { centre, held: [Math.min(told, far), Math.max(told, far)] };
}

/** A value cut to the scale of labels. */
export function onScale(value: number): number {
  return Math.max(-1, Math.min(1, value));
}
