import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fixtureCopy, fixtures, truncate } from './fixture-copy.js';
import { featuresOf, openDataset, rowOf, signalsOf, streamsOf } from './read-dataset.js';

const path = join(fixtures, 'seed');

describe('SEED', () => {
  it('gives the trials of each session, sessions in order of their dates', async () => {
    const dataset = await openDataset('seed', { path, people: ['1'] });
    expect(dataset).toMatchObject({
      people: ['1'],
      classes: ['negative', 'neutral', 'positive'],
      dimensions: [],
    });
    const trials = await signalsOf(dataset, '1');
    expect(trials).toHaveLength(45);
    expect(trials.slice(0, 15).map((one) => one.trials[0].label!.class)).toEqual([
      2, 1, 0, 0, 1, 2, 0, 1, 2, 2, 1, 0, 1, 2, 0,
    ]);
    expect(trials[17]).toMatchObject({
      session: '2',
      trials: [{ trial: '2/3', stimulus: 'clip-3', position: 2, start: 0, end: 1 }],
    });
    const eeg = streamsOf(trials[17]).get('EEG')!;
    expect(eeg.info).toMatchObject({ sfreq: 200 });
    const labels = eeg.info.channels.map(({ label }) => label);
    expect(labels).toHaveLength(62);
    expect([labels[0], labels[1], labels[25], labels[57], labels[61]]).toEqual([
      'Fp1',
      'Fpz',
      'C3',
      'CB1',
      'CB2',
    ]);
    expect(eeg.times).toHaveLength(200);
    // The file's session, trial, electrode and sample.
    expect(eeg.channels[61][11]).toBe(2000 + 300 + 61 + 3 / 8);
  });

  it('gives released features instead', async () => {
    const settings = { path, people: ['1'], data: 'features', sessions: 1 };
    const trials = await featuresOf(await openDataset('seed', settings), '1');
    expect(trials).toHaveLength(15);
    expect(trials[4]).toMatchObject({
      session: '1',
      trial: { trial: '1/5', stimulus: 'clip-5', position: 4, label: { class: 1 } },
      windows: { window_s: 1, hop_s: 1, count: 3, labels: null },
    });
    const { features } = trials[4].windows.modalities.get('eeg')!;
    expect(features).toHaveLength(310);
    expect(features[7]).toEqual({ channel: 'Fpz', feature: 'de_seed_alpha', unit: 'log2' });
    // 100 trial + electrode + window / 4 + band / 64
    expect(rowOf(trials[4], 'eeg', 2)[7]).toBe(500 + 1 + 0.5 + 2 / 64);
    const power = await featuresOf(await openDataset('seed', { ...settings, feature: 'psd_LDS' }), '1');
    expect(rowOf(power[0], 'eeg', 0)[0]).toBe(10_100);
    expect(power[0].windows.modalities.get('eeg')!.features[0].feature).toBe('psd_seed_delta');
    const none = await openDataset('seed', { ...settings, feature: 'de_LDS' });
    await expect(featuresOf(none, '1')).rejects.toThrow(
      "has no variable 'de_LDS1' (there are: de_movingAve1,",
    );
  });

  it.each([
    ['dasm_movingAve', 27, 'F3-F4.dasm_seed_delta', 'log2'],
    ['rasm_movingAve', 27, 'F3-F4.rasm_seed_delta', 'ratio'],
    ['asm_movingAve', 54, 'F3-F4.dasm_seed_delta', 'log2'],
    ['dcau_movingAve', 23, 'FC3-CP3.dcau_seed_delta', 'log2'],
  ])(
    'gives %s of %i pairs, each named after the electrodes whose entropies make it',
    async (feature, pairs, third, unit) => {
      const settings = { path, people: ['2'], data: 'features', sessions: 1, feature };
      const trials = await featuresOf(await openDataset('seed', settings), '2');
      const { features } = trials[0].windows.modalities.get('eeg')!;
      const names = features.map((one) => `${one.channel}.${one.feature}`);
      expect(new Set(names).size).toBe(5 * pairs);
      // The fixture has the pairs in the paper's order, and the importer knows none.
      expect([names[10], features[10].unit]).toEqual([third, unit]);
      const entropy = await featuresOf(
        await openDataset('seed', { ...settings, feature: 'de_movingAve' }),
        '2',
      );
      const single = entropy[4].windows.modalities.get('eeg')!.features;
      const at = (channel: string) => single.findIndex((one) => one.channel === channel);
      const [row, own] = [rowOf(trials[4], 'eeg', 2), rowOf(entropy[4], 'eeg', 2)];
      features.forEach(({ channel, feature: name }, f) => {
        const [a, b] = channel.split('-').map((label) => own[at(label) + (f % 5)]);
        if (name.startsWith('rasm')) expect(row[f]).toBeCloseTo(a / b, 1);
        else expect(row[f]).toBeCloseTo(a - b, 1.5);
      });
    },
  );

  it('names no pair that the file doesn’t tell', async () => {
    const settings = { path, people: ['1'], data: 'features', sessions: 1, feature: 'dasm_movingAve' };
    const none = await openDataset('seed', settings);
    await expect(featuresOf(none, '1')).rejects.toThrow("has no variable 'dasm_movingAve1'");
  });

  it('wants whole people with all sessions, unless told otherwise', async () => {
    await expect(openDataset('seed', { path, people: ['15'] })).rejects.toMatchObject({
      code: 'dataset-missing',
      message: expect.stringMatching(/15_<date of session 2>\.mat: .* list in `people` whom you have \(1\)$/),
    });
    const dataset = await openDataset('seed', { path, people: ['15', '1'], sessions: 1 });
    expect(dataset.people).toEqual(['15', '1']);
    expect(await signalsOf(dataset, '15')).toHaveLength(15);
  });

  it('names the file that is missing, cut or another’s', async () => {
    const copy = fixtureCopy('seed');
    const folder = join(copy, 'Preprocessed_EEG');
    const settings = { path: copy, people: ['1'] };
    truncate(join(folder, '1_20131030.mat'));
    const dataset = await openDataset('seed', settings);
    const read: string[] = [];
    const reading = async () => {
      for await (const { session } of dataset.recordings('1')) read.push(session);
    };
    await expect(reading()).rejects.toMatchObject({
      code: 'dataset-damaged',
      message: `${join(folder, '1_20131030.mat')}: the file was cut short; get the file again`,
    });
    // A session is read when it is come to.
    expect(read).toEqual(new Array(15).fill('1'));
    rmSync(join(folder, 'label.mat'));
    await expect(openDataset('seed', settings)).rejects.toThrow(
      `${join(folder, 'label.mat')}: no such file or folder; copy label.mat beside the files of the people`,
    );
    const iv = fixtureCopy('seed-iv');
    await expect(openDataset('seed', { path: iv })).rejects.toMatchObject({ code: 'dataset-missing' });
    await expect(openDataset('seed', { path: join(iv, 'eeg_raw_data', '1') })).rejects.toMatchObject({
      code: 'dataset-missing',
    });
  });
});
