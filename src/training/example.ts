import type { Seconds } from '../core/clock.js';
import type { ModelFrame } from '../core/model.js';

/** One labelled window. */
export interface Example {
  readonly person: string;
  readonly window: readonly [Seconds, Seconds];
  readonly frame: ModelFrame;
  /** Mean of the annotation over the window, native scale -1..1. */
  readonly label: { readonly valence: number; readonly arousal: number };
}

/** Examples by person, people in order of first appearance. */
export function byPerson(examples: readonly Example[]): ReadonlyMap<string, readonly Example[]> {
  const people = new Map<string, Example[]>();
  for (const example of examples) {
    const own = people.get(example.person);
    if (own) own.push(example);
    else people.set(example.person, [example]);
  }
  return people;
}
