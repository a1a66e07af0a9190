import { z } from 'zod';
import { divideBy, type SplitDefinition } from './definition.js';
import { drawUnits } from './group.js';
import { knownStimuli } from './known-stimuli.js';
import { partsOf, partsSetting } from './parts.js';
import { unitOf } from './unit.js';

const settings = z.strictObject({ kind: z.literal('stimulus'), folds: partsSetting });

/** Clips are held out for everybody; the people are known from training. */
export const stimulus: SplitDefinition<typeof settings> = {
  kind: 'stimulus',
  summary: 'new stimuli, known people',
  leaky: false,
  settings,
  divide(windows, { folds }, uniform) {
    const parts = partsOf(knownStimuli(windows), folds, 'stimuli', uniform);
    return parts.map((part, p) => {
      const division = divideBy(windows, (window) => part.has(unitOf.stimulus(window)));
      const one = windows.find((window) => part.has(unitOf.stimulus(window)))!;
      return {
        name: part.size === 1 ? `stimulus ${one.stimulus}` : `stimuli ${p + 1} of ${parts.length}`,
        ...division,
      };
    });
  },
  holdOut(windows, share, uniform) {
    const drawn = drawUnits([knownStimuli(windows)], share, uniform);
    return divideBy(windows, (window) => drawn.has(unitOf.stimulus(window)));
  },
};
