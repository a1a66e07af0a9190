import { z } from 'zod';
import type { Placed } from './definition.js';
import { groupBy } from './group.js';
import { unitOf } from './unit.js';

export const scopeSetting = z
  .enum(['everybody', 'person', 'session'])
  .default('everybody')
  .describe(
    'Whose trials train one model: everybody’s, or each person’s or each session’s a model of their own.',
  );
export type Scope = z.infer<typeof scopeSetting>;

/** The windows that train and test one model, and what to call them. */
export function scopesOf(windows: readonly Placed[], scope: Scope): { name: string; windows: Placed[] }[] {
  if (scope === 'everybody') return [{ name: '', windows: [...windows] }];
  return [...groupBy(windows, scope === 'person' ? unitOf.subject : unitOf.session).values()].map((own) => {
    const [{ person, session }] = own;
    return { name: scope === 'person' ? `${person}, ` : `${person} ${session}, `, windows: own };
  });
}
