import { z } from 'zod';
import { profileNames, sensorNames } from '../../simulation/profile.js';
import { simulateSession } from '../../simulation/session.js';
import type { Dataset, DatasetDefinition, DatasetRecording } from './dataset.js';
import { wholeSession } from './whole-session.js';

const settings = z.strictObject({
  name: z.string().min(1).default('simulated people').describe('For reports.'),
  seed: z.string().min(1).describe('People, their trajectories and all noise are drawn from it.'),
  profiles: z.array(z.enum(profileNames)).min(1).describe('What the people of each group wear, in turn.'),
  duration_s: z.number().positive().describe('Length of each session, s.'),
  people: z
    .record(z.string().min(1), z.int().positive())
    .describe('How many each group has; SEED-GROUP-NUMBER is the name and the seed of a person.'),
  only: z.array(z.enum(sensorNames)).optional().describe('Sensors worn; all that the profile has.'),
});
export type SimulatedPeopleSettings = z.infer<typeof settings>;

/** Name of the `number`th person of a group, from 0. */
export function simulatedPerson(seed: string, group: string, number: number): string {
  return `${seed}-${group}-${number}`;
}

/** Simulated people, a session of raw signals each, annotated all along with what they feel. */
export const simulatedPeople: DatasetDefinition<SimulatedPeopleSettings> = {
  kind: 'simulated-people',
  summary: 'Simulated people wearing simulated sensors: raw signals with a known valence and arousal.',
  source: 'Made by src/simulation/session.ts (docs/explanation/simulation.md)',
  settings,
  async open(own) {
    return new SimulatedPeople(own);
  },
};

class SimulatedPeople implements Dataset {
  readonly name: string;
  readonly dimensions = ['valence', 'arousal'] as const;
  readonly classes = null;
  readonly simulated = true;
  readonly people: readonly string[];
  /** Place of each person in their group. */
  readonly #numbers: ReadonlyMap<string, number>;

  constructor(private readonly settings: SimulatedPeopleSettings) {
    this.name = settings.name;
    const { seed, people } = settings;
    this.#numbers = new Map(
      Object.entries(people).flatMap(([group, count]) =>
        Array.from({ length: count }, (_, number) => [simulatedPerson(seed, group, number), number] as const),
      ),
    );
    this.people = [...this.#numbers.keys()];
  }

  async *recordings(person: string): AsyncGenerator<DatasetRecording> {
    const { profiles, duration_s, only } = this.settings;
    const profile = profiles[this.#numbers.get(person)! % profiles.length];
    yield wholeSession(person, simulateSession({ seed: person, profile, duration_s, only }));
  }
}
