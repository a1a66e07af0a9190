import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fixtureCopy, fixtures, recordings } from './fixture-copy.js';
import { featuresOf, openDataset, rowOf } from './read-dataset.js';

const path = join(fixtures, 'esports');

describe('eSports Sensors', () => {
  it('gives players’ matches with the load that they reported', async () => {
    const dataset = await openDataset('esports', { path });
    expect(dataset).toMatchObject({
      people: ['amateurs-0', 'amateurs-1', 'pros-0'],
      classes: ['low', 'high'],
      dimensions: [],
      notes: ['pros-1 has no player_report.json of match_10, which is left out'],
    });
    const matches = await featuresOf(dataset, 'amateurs-1');
    expect(matches.map(({ session, trial }) => [session, trial.stimulus, trial.label!.class])).toEqual([
      ['match_0', 'match_0', 0],
      ['match_2', 'match_2', 1],
    ]);
    expect(matches[0].windows).toMatchObject({ window_s: 1, hop_s: 1, count: 6, labels: null });
    const strict = await openDataset('esports', { path, high_from: 4 });
    expect((await featuresOf(strict, 'amateurs-1'))[1].trial.label!.class).toBe(0);
  });

  it('lacks the sensors and seconds that a player lacks', async () => {
    const dataset = await openDataset('esports', { path });
    const [with0] = await featuresOf(dataset, 'amateurs-0');
    expect([...with0.windows.modalities.keys()]).toEqual(['eye', 'eda']);
    const [with1] = await featuresOf(dataset, 'amateurs-1');
    expect([...with1.windows.modalities.keys()]).toEqual(['eeg', 'eye', 'eda']);
    expect(with1.windows.modalities.get('eeg')!.features).toEqual([
      { channel: 'AF3', feature: 'power_theta', unit: 'uV^2/Hz' },
      { channel: 'AF3', feature: 'power_betal', unit: 'uV^2/Hz' },
    ]);
    expect(rowOf(with1, 'eeg', 5)).toEqual([305, 20]);
    // 40 kOhm; no row at 3 s, no resistance at 4 s, a row beyond the match.
    expect([...with1.windows.modalities.get('eda')!.values]).toEqual([
      25,
      25,
      25,
      Number.NaN,
      Number.NaN,
      25,
    ]);
  });

  it('takes the mean of what was measured in longer windows', async () => {
    const dataset = await openDataset('esports', { path, window_s: 2 });
    const [seconds] = await featuresOf(await openDataset('esports', { path }), 'amateurs-1');
    const [match] = await featuresOf(dataset, 'amateurs-1');
    expect(match.windows).toMatchObject({ window_s: 2, hop_s: 2, count: 3 });
    // Nothing at 3 s and at 4 s.
    expect([...match.windows.modalities.get('eda')!.values]).toEqual([25, 25, 25]);
    const mean = [4, 5]
      .map((w) => rowOf(seconds, 'eeg', w))
      .reduce((a, b) => a.map((v, i) => (v + b[i]) / 2));
    expect(rowOf(match, 'eeg', 2)).toEqual(mean);
  });

  it('gives the headset’s excitement as arousal, without the EEG that it is made from', async () => {
    const dataset = await openDataset('esports', { path, label: 'emotiv-excitement' });
    expect(dataset).toMatchObject({
      people: ['amateurs-1', 'pros-1'],
      classes: null,
      dimensions: ['arousal'],
    });
    const [match] = await featuresOf(dataset, 'pros-1');
    expect([...match.windows.modalities.keys()]).toEqual(['eye', 'eda']);
    expect(match.trial.label).toBeNull();
    const labels = match.windows.labels!;
    expect(labels.slice(0, 2)).toEqual([
      { targets: {}, class: null },
      { targets: {}, class: null },
    ]);
    expect(labels[5].targets.arousal).toBeCloseTo(1, 12);
    expect(labels[2].targets.arousal).toBeCloseTo(-0.2, 12);
  });

  it('names what is missing or another’s', async () => {
    await expect(openDataset('esports', { path: fixtureCopy('eegmat') })).rejects.toMatchObject({
      code: 'dataset-missing',
    });
    const copy = fixtureCopy('esports');
    const folder = join(copy, 'matches', 'match_0');
    writeFileSync(join(folder, 'player_0', 'gsr.csv'), 'seconds,gsr\n0,1\n');
    const dataset = await openDataset('esports', { path: copy });
    await expect(featuresOf(dataset, 'amateurs-0')).rejects.toThrow("gsr.csv: its first column isn't 'time'");
    writeFileSync(join(folder, 'meta_info.json'), '{"team": "amateurs"}');
    await expect(openDataset('esports', { path: copy })).rejects.toMatchObject({
      code: 'dataset-layout',
      message: expect.stringContaining('meta_info.json: match_duration'),
    });
    rmSync(join(folder, 'meta_info.json'));
    await expect(openDataset('esports', { path: copy })).rejects.toMatchObject({ code: 'dataset-missing' });
  });
});

const real = join(recordings, 'esports');
describe.skipIf(!existsSync(real))('eSports Sensors (shared/recordings/esports)', () => {
  it('has ten players, of whom few have EEG', async () => {
    const dataset = await openDataset('esports', { path: real });
    expect(dataset.people).toHaveLength(10);
    const loads = [0, 0];
    const having = new Map<string, number>();
    for (const person of dataset.people)
      for (const { trial, windows } of await featuresOf(dataset, person)) {
        loads[trial.label!.class!]++;
        for (const modality of windows.modalities.keys())
          having.set(modality, (having.get(modality) ?? 0) + 1);
        const conductance = windows.modalities.get('eda')!.values.filter((value) => !Number.isNaN(value));
        expect(Math.max(...conductance)).toBeLessThan(200);
      }
    expect(loads).toEqual([29, 25]);
    expect(having.get('eda')).toBe(54);
    expect(having.get('eeg')).toBe(10);
  });
});
