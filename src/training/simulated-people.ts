import type { ProfileName } from '../simulation/profile.js';
import { simulateSession } from '../simulation/session.js';
import type { SimulatedData } from './config.js';
import { type SignalRecording, wholeSession } from './dataset.js';

/** One simulated person's session, not yet run: a single trial, annotated all along. */
export type SimulatedSession = SignalRecording & { readonly profile: ProfileName };

export type PeopleGroup = keyof SimulatedData['people'];

/** The people of a group; groups share nobody, because their seeds differ. */
export function simulatedPeople(data: SimulatedData, group: PeopleGroup): SimulatedSession[] {
  return Array.from({ length: data.people[group] }, (_, i) => {
    const person = `${data.seed}-${group}-${i}`;
    const profile = data.profiles[i % data.profiles.length];
    const { duration_s } = data;
    return { ...wholeSession(person, simulateSession({ seed: person, profile, duration_s })), profile };
  });
}
