import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fixtureCopy, fixtures, truncate } from './fixture-copy.js';
import { openDataset, signalsOf, streamsOf } from './read-dataset.js';

const path = join(fixtures, 'amigos');
const people = ['P08'];

describe('AMIGOS', () => {
  it('gives each trial that there is, with the 5 s before it', async () => {
    const dataset = await openDataset('amigos', { path, people });
    expect(dataset.dimensions).toEqual(['arousal', 'valence', 'dominance', 'liking']);
    const trials = await signalsOf(dataset, 'P08');
    expect(trials.map((one) => one.trials[0].trial)).toEqual([
      ...Array.from({ length: 17 }, (_, i) => String(i + 1)),
      '19',
    ]);
    expect(trials[1].trials[0]).toEqual({
      trial: '2',
      stimulus: 'video-91',
      position: 1,
      start: 5,
      end: 6,
      // The files have arousal first.
      label: { targets: { arousal: 1, valence: -0.75, dominance: 0, liking: -0.5 }, class: null },
    });
    expect(trials[17]).toMatchObject({ session: 'long', trials: [{ stimulus: 'video-B1', position: 2 }] });
    const streams = streamsOf(trials[1]);
    const eeg = streams.get('EEG')!;
    expect(eeg.info).toMatchObject({ sfreq: 128 });
    expect(eeg.info.channels.map(({ label }) => label)).toHaveLength(14);
    expect(eeg.channels[13][129]).toBe(8113.125);
    expect(streams.get('ECG')!.info.channels).toMatchObject([
      { label: 'right', unit: '' },
      { label: 'left', unit: '' },
    ]);
    expect(streams.get('EDA')!.channels[0][0]).toBe(8116);
  });

  it('leaves a missing channel missing', async () => {
    const dataset = await openDataset('amigos', { path, people });
    const eeg = streamsOf((await signalsOf(dataset, 'P08'))[2]).get('EEG')!;
    expect(eeg.channels[3].every(Number.isNaN)).toBe(true);
    expect(eeg.channels[4][0]).toBe(8204);
  });

  it('takes the units that it is told', async () => {
    const dataset = await openDataset('amigos', { path, people, ecg_unit: 'uV', gsr_unit: 'nS' });
    const streams = streamsOf((await signalsOf(dataset, 'P08'))[0]);
    expect(streams.get('ECG')!.info.channels[0].unit).toBe('mV');
    expect(streams.get('ECG')!.channels[0][0]).toBeCloseTo(8.014, 9);
    expect(streams.get('EDA')!.channels[0][0]).toBeCloseTo(8.016, 9);
  });

  it('names what is missing or cut', async () => {
    await expect(openDataset('amigos', { path })).rejects.toMatchObject({
      code: 'dataset-missing',
      message: expect.stringContaining('Data_Preprocessed_P01.mat (nor for 38 others)'),
    });
    const copy = fixtureCopy('amigos');
    const file = join(copy, 'data_preprocessed', 'Data_Preprocessed_P08.mat');
    truncate(file);
    const dataset = await openDataset('amigos', { path: copy, people });
    await expect(signalsOf(dataset, 'P08')).rejects.toMatchObject({
      code: 'dataset-damaged',
      message: `${file}: the file was cut short; get the file again`,
    });
    rmSync(file);
    await expect(openDataset('amigos', { path: copy, people })).rejects.toMatchObject({
      code: 'dataset-missing',
    });
  });
});
