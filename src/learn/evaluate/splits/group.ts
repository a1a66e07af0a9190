import { shuffled } from '../../../core/shuffled.js';

/** `items` by key, keys in order of first appearance. */
export function groupBy<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group) group.push(item);
    else groups.set(key, [item]);
  }
  return groups;
}

/**
 * Deals units to `parts` in random order. Each stratum is dealt by itself, from where the one before it ended, so that
 * its units are spread over the parts and the parts stay of a size.
 *
 * @param strata units that are to be spread, such as each person's trials
 * @returns the part of each unit, 0 .. parts - 1
 */
export function dealUnits(
  strata: readonly (readonly string[])[],
  parts: number,
  uniform: () => number,
): Map<string, number> {
  let next = 0;
  const dealt = new Map<string, number>();
  for (const stratum of strata)
    for (const unit of shuffled(stratum, uniform)) dealt.set(unit, next++ % parts);
  return dealt;
}

/**
 * Draws about `share` of each stratum's units, never a whole stratum; at least one unit as long as some stratum has two.
 */
export function drawUnits(
  strata: readonly (readonly string[])[],
  share: number,
  uniform: () => number,
): Set<string> {
  const drawn = new Set<string>();
  for (const stratum of strata) {
    const count = Math.min(stratum.length - 1, Math.round(share * stratum.length));
    for (const unit of shuffled(stratum, uniform).slice(0, Math.max(0, count))) drawn.add(unit);
  }
  if (drawn.size > 0) return drawn;
  const [largest] = [...strata].sort((a, b) => b.length - a.length);
  if (largest && largest.length > 1) drawn.add(largest[Math.floor(uniform() * largest.length)]);
  return drawn;
}
