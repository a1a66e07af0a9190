import { z } from 'zod';
import { ConfigurationError } from '../../../core/errors.js';
import { dealUnits } from './group.js';

export const partsSetting = z
  .union([z.literal('leave-one-out'), z.int().min(2)])
  .describe('Parts that are tested in turn, or each one by itself.');
export type Parts = z.infer<typeof partsSetting>;

/** Units of each part: one each in the order given, or dealt at random. Throws `ConfigurationError` if they are too few. */
export function partsOf(
  units: readonly string[],
  parts: Parts,
  what: string,
  uniform: () => number,
): ReadonlySet<string>[] {
  const count = parts === 'leave-one-out' ? units.length : parts;
  if (units.length < Math.max(2, count))
    throw new ConfigurationError(
      'split-impossible',
      `split: ${Math.max(2, count)} parts need as many ${what}, and the data has ${units.length}`,
    );
  if (parts === 'leave-one-out') return units.map((unit) => new Set([unit]));
  const dealt = dealUnits([units], count, uniform);
  return Array.from({ length: count }, (_, p) => new Set(units.filter((unit) => dealt.get(unit) === p)));
}
