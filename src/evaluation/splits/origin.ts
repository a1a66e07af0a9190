/** Where a window comes from: what training and test may not have in common. */
export interface Origin {
  readonly person: string;
  /** Recording session, unique within the person. */
  readonly session: string;
  /** Unique within the person. */
  readonly trial: string;
  /** The clip or task, the same name for everybody who had it; null where there is none. */
  readonly stimulus: string | null;
  /** Place of the trial in its session, from 0. */
  readonly position: number;
}

/** A key for each unit that a split can hold out; equal keys stay on one side. */
export const unitOf = {
  subject: ({ person }: Origin): string => JSON.stringify([person]),
  session: ({ person, session }: Origin): string => JSON.stringify([person, session]),
  trial: ({ person, trial }: Origin): string => JSON.stringify([person, trial]),
  stimulus: ({ stimulus }: Origin): string => JSON.stringify([stimulus]),
} as const;
