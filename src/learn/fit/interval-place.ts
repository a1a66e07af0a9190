import { conformalHalfWidth } from './conformal.js';

/** Fewer people than these say too little of where intervals belong: they stay around the estimate. */
export const LEAST_PLACED = 40;
/** A label nearer to 0 than this says that nothing was felt. */
const NEUTRAL = 0.1;
/** Share of windows in which nothing is felt whose interval holds 0; in both of two dimensions at least 95 %. */
const NEUTRAL_HELD = 0.975;

/** One person's windows with one set of modalities. */
export interface ToldWindows {
  /** [windows] estimates, within -1..1. */
  readonly told: readonly number[];
  /** [windows] */
  readonly label: readonly number[];
  /** [windows] scale of the error, of each window's moment. */
  readonly scale: readonly number[];
}

/**
 * Share of the estimate, 0 to 1, that labels follow: least squares without an intercept. A model that few sensors feed tells
 * more than it knows, and its loss may ask for that: the CCC rewards estimates as wide as the labels.
 */
export function followedShare(people: readonly ToldWindows[]): number {
  let [product, square] = [0, 0];
  for (const { told, label } of people)
    for (const [i, value] of told.entries()) {
      product += value * label[i];
      square += value * value;
    }
  return square > 0 ? Math.max(0, Math.min(1, product / square)) : 0;
}

/**
 * How far from 0 estimates lie in windows in which nothing is felt, in units of the window's scale: all but 2.5 % of them no
 * further than this, every person weighing the same. An estimate that lies no further is no sign that anything is felt.
 *
 * @returns null where too few people have such windows
 */
export function neutralReach(people: readonly ToldWindows[]): number | null {
  const distances = people.map(({ told, label, scale }) =>
    told.flatMap((value, i) => (Math.abs(label[i]) < NEUTRAL ? [Math.abs(value) / scale[i]] : [])),
  );
  return conformalHalfWidth(distances, NEUTRAL_HELD);
}
