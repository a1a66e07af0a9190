import { z } from 'zod';
import { ConfigurationError } from '../../../core/errors.js';
import { divideBy, type SplitDefinition } from './definition.js';
import { drawUnits } from './group.js';
import { unitOf } from './unit.js';

const settings = z.strictObject({
  kind: z.literal('given'),
  test: z
    .array(z.string().min(1))
    .min(1)
    .describe('People whose windows are tested, all others train; of a data set in lists, the lists.'),
});

/** The division that a data set comes with, as AffectNet's lists. */
export const given: SplitDefinition<typeof settings> = {
  kind: 'given',
  summary: 'what the data set itself holds out',
  leaky: false,
  settings,
  divide(windows, { test }) {
    const people = [...new Set(windows.map(({ person }) => person))];
    const unknown = test.find((person) => !people.includes(person));
    if (unknown !== undefined)
      throw new ConfigurationError(
        'split-impossible',
        `split: test: ${unknown} is not one of ${people.join(', ')}`,
      );
    return [{ name: test.join(', '), ...divideBy(windows, ({ person }) => test.includes(person)) }];
  },
  holdOut(windows, share, uniform) {
    const drawn = drawUnits([[...new Set(windows.map(unitOf.trial))]], share, uniform);
    return divideBy(windows, (window) => drawn.has(unitOf.trial(window)));
  },
};
