import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fixtureCopy, fixtures, truncate } from './fixture-copy.js';
import { openDataset, signalsOf, streamsOf } from './read-dataset.js';

const path = join(fixtures, 'dreamer');

describe('DREAMER', () => {
  it('gives each trial with its baseline before it, and a gap between', async () => {
    const dataset = await openDataset('dreamer', { path });
    expect(dataset).toMatchObject({
      people: ['s01', 's02'],
      dimensions: ['valence', 'arousal', 'dominance'],
    });
    const trials = await signalsOf(dataset, 's02');
    expect(trials.map((one) => one.trials)).toEqual([
      [
        {
          trial: '1',
          stimulus: 'film-1',
          position: 0,
          start: 2,
          end: 5,
          label: { targets: { valence: -1, arousal: 0, dominance: -0.5 }, class: null },
        },
      ],
      [
        {
          trial: '2',
          stimulus: 'film-2',
          position: 1,
          start: 2,
          end: 5,
          label: { targets: { valence: 1, arousal: -0.5, dominance: 0.5 }, class: null },
        },
      ],
    ]);
    const streams = streamsOf(trials[1]);
    const eeg = streams.get('EEG')!;
    expect(eeg.info).toMatchObject({ sfreq: 128 });
    expect(eeg.info.channels.map(({ label }) => label).slice(0, 3)).toEqual(['AF3', 'F7', 'F3']);
    expect(eeg.gaps).toEqual([2]);
    expect(eeg.channels[13].slice(254, 258)).toEqual([2113.75, 2113.875, 2163, 2163.125]);
    const ecg = streams.get('ECG')!;
    expect(ecg.info).toMatchObject({
      sfreq: 256,
      channels: [{ label: 'ECG1', unit: '' }, { label: 'ECG2' }],
    });
    expect(ecg.times).toHaveLength(1280);
    expect(ecg.gaps).toEqual([2]);
    expect(ecg.channels[1][512]).toBe(2151);
  });

  it('gives people in any order, and one more than once', async () => {
    const dataset = await openDataset('dreamer', { path: join(path, 'DREAMER.mat') });
    const first = async (person: string) =>
      streamsOf((await signalsOf(dataset, person))[0]).get('EEG')!.channels[0][0];
    for (const [person, value] of [
      ['s02', 2000],
      ['s01', 1000],
      ['s02', 2000],
      ['s02', 2000],
      ['s01', 1000],
    ] as const)
      expect(await first(person)).toBe(value);
    const both = await Promise.all([first('s01'), first('s02')]);
    expect(both).toEqual([1000, 2000]);
  });

  it('says what is missing or cut', async () => {
    const copy = fixtureCopy('dreamer');
    const file = join(copy, 'DREAMER.mat');
    await expect(openDataset('dreamer', { path: copy, people: ['s07'] })).rejects.toMatchObject({
      code: 'dataset-missing',
      message: expect.stringContaining('list in `people` whom you have (s01, s02)'),
    });
    truncate(file);
    await expect(openDataset('dreamer', { path: copy })).rejects.toMatchObject({
      code: 'dataset-damaged',
      message: `${file}: the file was cut short; get the file again`,
    });
    rmSync(file);
    await expect(openDataset('dreamer', { path: copy })).rejects.toMatchObject({ code: 'dataset-missing' });
  });
});
