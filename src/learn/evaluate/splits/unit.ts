import type { Origin } from '../../examples/example.js';

/** A key for each unit that a split can hold out; equal keys stay on one side. */
export const unitOf = {
  subject: ({ person }: Origin): string => JSON.stringify([person]),
  session: ({ person, session }: Origin): string => JSON.stringify([person, session]),
  trial: ({ person, trial }: Origin): string => JSON.stringify([person, trial]),
  stimulus: ({ stimulus }: Origin): string => JSON.stringify([stimulus]),
} as const;
