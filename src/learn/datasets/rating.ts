import type { Label, RatedDimension } from './dataset.js';
import { otherLayout } from './dataset-error.js';

/**
 * A rating on `low`..`high` as native -1..1; NaN where it is missing.
 *
 * @param path file, for the error where the rating lies outside its scale
 */
export function onNativeScale(rating: number, low: number, high: number, path: string): number {
  if (rating < low || rating > high)
    throw otherLayout(path, `a rating of ${rating} lies outside its scale, ${low} to ${high}`);
  return (2 * (rating - low)) / (high - low) - 1;
}

/** The label that ratings make; those that are missing are left out. */
export function ratedLabel(
  dimensions: readonly RatedDimension[],
  ratings: ArrayLike<number>,
  [low, high]: readonly [low: number, high: number],
  path: string,
): Label {
  const targets: Partial<Record<RatedDimension, number>> = {};
  for (const [k, dimension] of dimensions.entries()) {
    const value = onNativeScale(ratings[k], low, high, path);
    if (!Number.isNaN(value)) targets[dimension] = value;
  }
  return { targets, class: null };
}

/** The label of a trial of class `index`. */
export function classLabel(index: number): Label {
  return { targets: {}, class: index };
}
