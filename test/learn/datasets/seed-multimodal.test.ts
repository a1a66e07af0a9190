import { copyFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fixtureCopy, truncate } from './fixture-copy.js';
import { featuresOf, openDataset, rowOf } from './read-dataset.js';

const people = ['14'];

describe('SEED’s multimodal release', () => {
  it('gives the clips of a session, cut where the class changes', async () => {
    const dataset = await openDataset('seed-multimodal', { path: fixtureCopy('seed-multimodal'), people });
    expect(dataset.classes).toEqual(['negative', 'neutral', 'positive']);
    const trials = await featuresOf(dataset, '14');
    const first = trials.filter(({ session }) => session === '1');
    expect(first.map(({ trial }) => trial.stimulus)).toEqual(
      Array.from({ length: 15 }, (_, i) => `clip-${i + 1}`),
    );
    expect(first.map(({ trial }) => trial.position)).toEqual(Array.from({ length: 15 }, (_, i) => i));
    expect(first.map(({ trial }) => trial.label!.class)).toEqual([
      2, 1, 0, 0, 1, 2, 0, 1, 2, 2, 1, 0, 1, 2, 0,
    ]);
    expect(first.map(({ windows }) => windows.count)).toEqual([
      2, 2, 51, 59, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2,
    ]);
    // 100 clip + band / 8 + electrode + window / 1024, whatever the clip's place in the file.
    expect(rowOf(first[3], 'eeg', 58).slice(0, 7)).toEqual(
      [0, 0.125, 0.25, 0.375, 0.5, 1, 1.125].map((value) => 300 + value + 58 / 1024),
    );
    expect(rowOf(first[14], 'eye', 1)[32]).toBeCloseTo(1400 + 32 + 1 / 1024, 3);
    expect(first[0].windows).toMatchObject({ window_s: 4, hop_s: 4, labels: null });
  });

  it('keeps two clips of one class together where nothing tells them apart', async () => {
    const dataset = await openDataset('seed-multimodal', { path: fixtureCopy('seed-multimodal'), people });
    const second = (await featuresOf(dataset, '14')).filter(({ session }) => session === '2');
    expect(second).toHaveLength(14);
    expect(second[2]).toMatchObject({
      trial: { trial: '2/3+4', stimulus: 'clip-3+4', position: 2, label: { class: 0 } },
      windows: { count: 4 },
    });
    expect(second[3].trial).toMatchObject({ stimulus: 'clip-5', position: 4 });
  });

  it('names what is missing, cut or another’s', async () => {
    const path = fixtureCopy('seed-multimodal');
    const eyes = (session: number) =>
      join(path, '04-Eye-tracking-feature', 'eye_tracking_feature', `14_${session}`);
    await expect(openDataset('seed-multimodal', { path })).rejects.toMatchObject({
      code: 'dataset-missing',
      message: expect.stringContaining('1_1.npz (nor for 10 others)'),
    });
    const dataset = await openDataset('seed-multimodal', { path, people });
    copyFileSync(eyes(1), eyes(2));
    await expect(featuresOf(dataset, '14')).rejects.toMatchObject({
      code: 'dataset-layout',
      message: expect.stringContaining(`${eyes(2)}: 'train' has 124 windows and 18 labels`),
    });
    truncate(eyes(2));
    await expect(featuresOf(dataset, '14')).rejects.toMatchObject({ code: 'dataset-damaged' });
    rmSync(eyes(2));
    await expect(openDataset('seed-multimodal', { path, people })).rejects.toThrow(
      `${eyes(2)}: no such file`,
    );
  });
});
