import { z } from 'zod';
import { divideBy, type Placed, type SplitDefinition } from './definition.js';
import type { Division } from './fold.js';
import { drawUnits } from './group.js';
import { knownStimuli } from './known-stimuli.js';
import { partsOf, partsSetting } from './parts.js';
import { unitOf } from './unit.js';

const settings = z.strictObject({
  kind: z.literal('subject-and-stimulus'),
  people: partsSetting,
  stimuli: partsSetting,
});

/** Held: these people with these stimuli. Training: other people with other stimuli. The rest is on neither side. */
function divide(
  windows: readonly Placed[],
  people: ReadonlySet<string>,
  stimuli: ReadonlySet<string>,
): Division {
  const concerned = windows.filter(
    (window) => people.has(unitOf.subject(window)) === stimuli.has(unitOf.stimulus(window)),
  );
  return divideBy(concerned, (window) => people.has(unitOf.subject(window)));
}

/** Neither the person nor the clip was seen: what LOSO leaves open, for there everybody watched the same clips. */
export const subjectAndStimulus: SplitDefinition<typeof settings> = {
  kind: 'subject-and-stimulus',
  summary: 'new people and new stimuli',
  leaky: false,
  settings,
  divide(windows, { people, stimuli }, uniform) {
    const personParts = partsOf([...new Set(windows.map(unitOf.subject))], people, 'people', uniform);
    const stimulusParts = partsOf(knownStimuli(windows), stimuli, 'stimuli', uniform);
    return personParts.flatMap((own, p) =>
      stimulusParts
        .map((seen, s) => ({
          name: `people ${p + 1} of ${personParts.length}, stimuli ${s + 1} of ${stimulusParts.length}`,
          ...divide(windows, own, seen),
        }))
        // Not everybody need have had every stimulus.
        .filter(({ held }) => held.length > 0),
    );
  },
  holdOut(windows, share, uniform) {
    // Each side gives up the square root, so that about `share` of people x stimuli is held.
    const each = Math.sqrt(share);
    const people = drawUnits([[...new Set(windows.map(unitOf.subject))]], each, uniform);
    const stimuli = drawUnits([knownStimuli(windows)], each, uniform);
    return divide(windows, people, stimuli);
  },
};
