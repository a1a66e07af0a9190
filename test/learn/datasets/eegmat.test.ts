import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fixtureCopy, recordings } from './fixture-copy.js';
import { openDataset, signalsOf, streamsOf } from './read-dataset.js';

describe('eegmat', () => {
  it('gives rest and arithmetic, a whole file each', async () => {
    const dataset = await openDataset('eegmat', { path: fixtureCopy('eegmat') });
    expect(dataset).toMatchObject({ people: ['Subject00'], classes: ['rest', 'task'], dimensions: [] });
    const files = await signalsOf(dataset, 'Subject00');
    expect(files.map(({ trials }) => trials)).toEqual([
      [
        {
          trial: 'rest',
          stimulus: 'rest',
          position: 0,
          file: 0,
          label: { targets: {}, class: 0 },
          start: 0,
          end: 4,
        },
      ],
      [
        {
          trial: 'arithmetic',
          stimulus: 'arithmetic',
          position: 1,
          file: 1,
          label: { targets: {}, class: 1 },
          start: 0,
          end: 2,
        },
      ],
    ]);
    const streams = streamsOf(files[1]);
    // The difference of the ears is no scalp EEG.
    expect(streams.get('EEG')!.info.channels.map(({ label }) => label)).toEqual(['Fp1', 'T3', 'Pz']);
    expect(streams.get('EEG')!.channels[1].slice(0, 3)).toEqual([
      expect.closeTo(21, 9),
      expect.closeTo(21.1, 9),
      expect.closeTo(21.2, 9),
    ]);
    expect(streams.get('ECG')!.info.channels[0].unit).toBe('mV');
  });

  it('joins both files where it is asked to, a second and a gap between them', async () => {
    const dataset = await openDataset('eegmat', { path: fixtureCopy('eegmat'), joined: true });
    const files = await signalsOf(dataset, 'Subject00');
    expect(files).toHaveLength(1);
    expect(files[0].trials.map(({ trial, start, end }) => [trial, start, end])).toEqual([
      ['rest', 0, 4],
      ['arithmetic', 5, 7],
    ]);
    const apart = await signalsOf(await openDataset('eegmat', { path: fixtureCopy('eegmat') }), 'Subject00');
    const [rest, task] = apart.map((file) => streamsOf(file).get('EEG')!);
    const { times, channels, gaps } = streamsOf(files[0]).get('EEG')!;
    expect(times).toEqual([...rest.times, ...task.times.map((time) => time + 5)]);
    expect(channels).toEqual(rest.channels.map((values, c) => [...values, ...task.channels[c]]));
    expect(gaps).toEqual([5]);
  });

  it('names the file that is missing', async () => {
    const path = fixtureCopy('eegmat');
    await expect(openDataset('eegmat', { path, people: ['Subject07'] })).rejects.toMatchObject({
      code: 'dataset-missing',
      message: expect.stringContaining('Subject07_1.edf'),
    });
    rmSync(join(path, 'Subject00_2.edf'));
    await expect(openDataset('eegmat', { path })).rejects.toThrow(
      `${join(path, 'Subject00_2.edf')}: no such file or folder; get it, or leave Subject00 out of \`people\``,
    );
  });
});

const real = join(recordings, 'eegmat');
describe.skipIf(!existsSync(real))('eegmat (shared/recordings/eegmat)', () => {
  it('has everybody of the folder, whoever else comes', async () => {
    const dataset = await openDataset('eegmat', { path: real });
    const rests = readdirSync(real).filter((name) => name.endsWith('_1.edf'));
    expect(dataset.people).toEqual(rests.map((name) => name.slice(0, -'_1.edf'.length)));
  });

  // One person's rest was cut short.
  it.each([
    ['Subject00', 182],
    ['Subject01', 182],
    ['Subject02', 182],
    ['Subject03', 182],
    ['Subject04', 170],
  ])('has three minutes of rest and one of arithmetic of each person: %s, %d s', async (person, rest_s) => {
    const files = await signalsOf(await openDataset('eegmat', { path: real }), person);
    expect(files.map(({ trials: [{ start, end }] }) => end - start)).toEqual([rest_s, 62]);
    const eeg = streamsOf(files[0]).get('EEG')!;
    expect(eeg.info).toMatchObject({ sfreq: 500 });
    expect(eeg.info.channels).toHaveLength(19);
    expect(eeg.times).toHaveLength(500 * rest_s);
  });
});
