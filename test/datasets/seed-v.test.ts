import { copyFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fixtureCopy, fixtures, truncate } from './fixture-copy.js';
import { featuresOf, openDataset, rowOf } from './read-dataset.js';

const path = join(fixtures, 'seed-v');
const people = ['16'];

describe('SEED-V', () => {
  it('gives released features of EEG and eyes', async () => {
    const dataset = await openDataset('seed-v', { path, people });
    expect(dataset.classes).toEqual(['disgust', 'fear', 'sad', 'neutral', 'happy']);
    const trials = await featuresOf(dataset, '16');
    expect(trials).toHaveLength(45);
    expect(trials.slice(15, 22).map(({ trial }) => trial.label!.class)).toEqual([2, 1, 3, 0, 4, 4, 0]);
    expect(trials[16]).toMatchObject({
      session: '2',
      trial: { trial: '2/2', stimulus: 'clip-2-2', position: 1 },
      windows: { window_s: 4, hop_s: 4, count: 1 },
    });
    expect(trials[1].windows.count).toBe(2);
    expect(rowOf(trials[1], 'eeg', 1).slice(0, 2)).toEqual([1000.25, 1001.25]);
    expect(trials[1].windows.modalities.get('eeg')!.features[309]).toMatchObject({
      channel: 'CB2',
      feature: 'de_seed_gamma',
    });
    const { features } = trials[1].windows.modalities.get('eye')!;
    expect(features).toHaveLength(33);
    expect(features[18]).toEqual({ channel: 'blink', feature: 'duration_mean', unit: 'ms' });
    expect(rowOf(trials[0], 'eye', 0).slice(3, 6)).toEqual([3, Number.NaN, 5]);
  });

  it('names what is missing, cut or another’s', async () => {
    await expect(openDataset('seed-v', { path })).rejects.toMatchObject({
      code: 'dataset-missing',
      message: expect.stringContaining('1_123.npz (nor for 14 others)'),
    });
    const copy = fixtureCopy('seed-v');
    const eyes = join(copy, 'Eye_movement_features', '16_123.npz');
    copyFileSync(join(copy, 'EEG_DE_features', '16_123.npz'), eyes);
    const swapped = await openDataset('seed-v', { path: copy, people });
    await expect(featuresOf(swapped, '16')).rejects.toMatchObject({
      code: 'dataset-layout',
      message: `${eyes}: trial 0 is 1 x 310, not windows x 33; point \`path\` at an original copy`,
    });
    truncate(eyes);
    await expect(featuresOf(swapped, '16')).rejects.toMatchObject({
      code: 'dataset-damaged',
      message: `${eyes}: the archive was cut short; get the file again`,
    });
    rmSync(eyes);
    await expect(openDataset('seed-v', { path: copy, people })).rejects.toThrow(
      'copy it, or set `eye: false`',
    );
    const [trial] = await featuresOf(await openDataset('seed-v', { path: copy, people, eye: false }), '16');
    expect([...trial.windows.modalities.keys()]).toEqual(['eeg']);
  });
});
