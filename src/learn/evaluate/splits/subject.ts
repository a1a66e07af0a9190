import { z } from 'zod';
import { divideBy, type SplitDefinition } from './definition.js';
import { drawUnits } from './group.js';
import { partsOf, partsSetting } from './parts.js';
import { unitOf } from './unit.js';

const settings = z.strictObject({ kind: z.literal('subject'), folds: partsSetting });

/** People are held out, one (LOSO) or several at a time; they may have watched the clips that training knows. */
export const subject: SplitDefinition<typeof settings> = {
  kind: 'subject',
  summary: 'new people',
  leaky: false,
  settings,
  divide(windows, { folds }, uniform) {
    const people = [...new Set(windows.map(unitOf.subject))];
    const parts = partsOf(people, folds, 'people', uniform);
    return parts.map((part, p) => {
      const division = divideBy(windows, (window) => part.has(unitOf.subject(window)));
      const one = windows.find((window) => part.has(unitOf.subject(window)))!;
      return { name: part.size === 1 ? one.person : `people ${p + 1} of ${parts.length}`, ...division };
    });
  },
  holdOut(windows, share, uniform) {
    const drawn = drawUnits([[...new Set(windows.map(unitOf.subject))]], share, uniform);
    return divideBy(windows, (window) => drawn.has(unitOf.subject(window)));
  },
};
