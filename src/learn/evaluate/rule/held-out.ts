import type { Example } from '../../examples/example.js';
import type { Quantity } from '../scores.js';
import type { Split } from '../splits/split.js';
import { unitOf } from '../splits/unit.js';

/** Fewest people, each of whom no model that predicts them has seen. */
export const FEWEST_PEOPLE = 8;

/** How many people a split holds out, and why that does not do; null where it does. */
export interface HeldOut {
  readonly people: number;
  readonly problem: string | null;
}

/**
 * Whether every window that is tested is of a person whom its model has not seen: one of {@link FEWEST_PEOPLE} at least. Of
 * values, a clip that others have seen, too, must not be known to it either: what it shows is much of what they say.
 */
export function heldOut(
  { folds, label }: Pick<Split, 'folds' | 'label'>,
  examples: readonly Example[],
  quantity: Quantity,
  simulated: boolean,
): HeldOut {
  const tested = new Set<string>();
  const known = new Set<string>();
  const shared = quantity === 'class' ? new Set<string>() : sharedStimuli(examples);
  let knownStimulus: string | null = null;
  const keys = examples.map(unitOf.subject);
  for (const { train, validation, test } of folds) {
    const learnt = [...train, ...validation];
    const people = new Set(learnt.map((i) => keys[i]));
    const stimuli = new Set(learnt.flatMap((i) => examples[i].stimulus ?? []));
    for (const i of test) {
      const { stimulus } = examples[i];
      const person = keys[i];
      tested.add(person);
      if (people.has(person)) known.add(person);
      if (stimulus !== null && shared.has(stimulus) && stimuli.has(stimulus)) knownStimulus ??= stimulus;
    }
  }
  const people = [...tested].filter((person) => !known.has(person)).length;
  return { people, problem: problemOf() };

  function problemOf(): string | null {
    if (label !== null) return `the split is ${label}`;
    if (simulated) return 'the data are simulated';
    if (known.size > 0)
      return `${known.size} of ${tested.size} people are known to the models that predict them`;
    if (people < FEWEST_PEOPLE) return `${people} people; it takes ${FEWEST_PEOPLE}, each held out`;
    if (knownStimulus !== null)
      return `people share stimuli, such as ${knownStimulus}, and those of the test part are trained on`;
    return null;
  }
}

function sharedStimuli(examples: readonly Example[]): Set<string> {
  const people = new Map<string, Set<string>>();
  for (const example of examples) {
    if (example.stimulus === null) continue;
    const own = people.get(example.stimulus) ?? new Set();
    people.set(example.stimulus, own.add(unitOf.subject(example)));
  }
  return new Set([...people].filter(([, own]) => own.size > 1).map(([stimulus]) => stimulus));
}
