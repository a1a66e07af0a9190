import fc from 'fast-check';
import type { Origin } from '../../../../src/learn/examples/example.js';

/** A made-up data set: everybody has every stimulus once, over some sessions, a few windows a trial. */
export function origins(people: number, sessions: number, trials: number, windows: number): Origin[] {
  const out: Origin[] = [];
  for (let p = 0; p < people; p++)
    for (let s = 0; s < sessions; s++)
      for (let t = 0; t < trials; t++)
        for (let w = 0; w < windows; w++)
          out.push({
            person: `p${p}`,
            session: `s${s}`,
            trial: `s${s}t${t}`,
            // Not in the order of the trials, and another one for each person.
            stimulus: `clip${s * trials + ((t + 3 * p) % trials)}`,
            position: t,
            file: 0,
          });
  return out;
}

/** Data sets of all kinds of sizes, windows in any order. */
export const dataSets = fc
  .record({
    people: fc.integer({ min: 6, max: 9 }),
    sessions: fc.integer({ min: 1, max: 2 }),
    trials: fc.integer({ min: 6, max: 9 }),
    windows: fc.integer({ min: 1, max: 4 }),
  })
  .chain(({ people, sessions, trials, windows }) => {
    const all = origins(people, sessions, trials, windows);
    return fc.shuffledSubarray(all, { minLength: all.length });
  });
