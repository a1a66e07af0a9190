import { z } from 'zod';
import { missing } from './dataset-error.js';

/** The settings that all importers of released data sets have. */
export const copySettings = {
  path: z.string().min(1).describe('Folder of the copy, relative to the file that names it.'),
  people: z
    .array(z.string().min(1))
    .min(1)
    .nullable()
    .default(null)
    .describe('Whom to take; null: everybody that the data set has, and nobody may be missing.'),
};

/**
 * The people to take from a copy. A copy that lacks somebody is used on purpose only: whoever isn't asked for by name
 * must be there. Throws `InputError` that names the first file that is missing.
 *
 * @param asked as in the settings
 * @param expected everybody that a whole copy has
 * @param there whom this copy has
 * @param fileOf where a person's file should be
 */
export function choosePeople(
  asked: readonly string[] | null,
  expected: readonly string[],
  there: readonly string[],
  fileOf: (person: string) => string,
): string[] {
  const wanted = asked ?? expected;
  const lacking = wanted.filter((person) => !there.includes(person));
  if (lacking.length > 0) {
    const more = lacking.length > 1 ? ` (nor for ${lacking.length - 1} others)` : '';
    const others = there.length > 0 ? `, or list in \`people\` whom you have (${there.join(', ')})` : '';
    throw missing(`${fileOf(lacking[0])}${more}`, `get the whole data set${others}`);
  }
  return [...new Set(wanted)];
}

/** `count` names: `prefix` and a number of at least `digits` digits, from 1. */
export function numbered(prefix: string, count: number, digits = 1): string[] {
  return Array.from({ length: count }, (_, i) => `${prefix}${String(i + 1).padStart(digits, '0')}`);
}
