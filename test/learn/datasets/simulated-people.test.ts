import { describe, expect, it } from 'vitest';
import type { DatasetRecording } from '../../../src/learn/datasets/dataset.js';
import { simulatedPeople } from '../../../src/learn/datasets/simulated-people.js';
import { simulateSession } from '../../../src/simulation/session.js';

const settings = simulatedPeople.settings.parse({
  seed: 's',
  profiles: ['muse', 'epoc'],
  duration_s: 3,
  people: { train: 3, test: 1 },
});

async function recordingOf(person: string, own = settings): Promise<DatasetRecording & { kind: 'signals' }> {
  const dataset = await simulatedPeople.open(own, '.');
  for await (const recording of dataset.recordings(person))
    if (recording.kind === 'signals') return recording;
  throw new Error(`${person} has no signals`);
}

describe('simulated-people', () => {
  it('has the people of each group, none of whom is in another, and says that they are simulated', async () => {
    const dataset = await simulatedPeople.open(settings, '.');
    expect(dataset.people).toEqual(['s-train-0', 's-train-1', 's-train-2', 's-test-0']);
    expect(dataset.simulated).toBe(true);
  });

  it.each([
    ['s-train-1', 'epoc'],
    ['s-train-2', 'muse'],
    ['s-test-0', 'muse'],
  ] as const)('gives %s what the simulator gives of that name, wearing %s', async (person, profile) => {
    const recording = await recordingOf(person);
    expect([...recording.messages]).toEqual([...simulateSession({ seed: person, profile, duration_s: 3 })]);
    expect(recording.trials).toHaveLength(1);
  });

  it('leaves sensors out without changing the others', async () => {
    const eda = async (own: typeof settings): Promise<unknown[]> =>
      [...(await recordingOf('s-test-0', own)).messages].filter(
        (message) => message.kind === 'chunk' && message.chunk.info.type === 'EDA',
      );
    const only = { ...settings, only: ['eda' as const] };
    expect(await eda(only)).toEqual(await eda(settings));
    const types = [...(await recordingOf('s-test-0', only)).messages].flatMap((message) =>
      message.kind === 'open' ? [message.info.type] : [],
    );
    expect(types).toEqual(['EDA', 'Annotation']);
  });
});
