import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fixtureCopy, fixtures } from './fixture-copy.js';
import { featuresOf, openDataset, rowOf, signalsOf, streamsOf } from './read-dataset.js';

const path = join(fixtures, 'seed-iv');
const features = { path, people: ['1'], data: 'features', sessions: ['1', '3'] };

describe('SEED-IV', () => {
  it('gives signals with the classes of the session', async () => {
    const dataset = await openDataset('seed-iv', { path, people: ['1'], sessions: ['1'] });
    expect(dataset.classes).toEqual(['neutral', 'sad', 'fear', 'happy']);
    const trials = await signalsOf(dataset, '1');
    expect(trials.map((one) => one.trials[0].label!.class)).toEqual([
      1, 2, 3, 0, 2, 0, 0, 1, 0, 1, 2, 1, 1, 1, 2, 3, 2, 2, 3, 3, 0, 3, 0, 3,
    ]);
    expect(trials[23].trials[0]).toMatchObject({ stimulus: 'clip-1-24', position: 23, end: 1 });
    expect(streamsOf(trials[23]).get('EEG')!.channels[5][9]).toBe(1000 + 2400 + 5 + 1 / 8);
  });

  it('gives released features of EEG and eyes', async () => {
    const dataset = await openDataset('seed-iv', features);
    const trials = await featuresOf(dataset, '1');
    expect(trials).toHaveLength(48);
    expect(trials[24]).toMatchObject({
      session: '3',
      trial: { trial: '3/1', stimulus: 'clip-3-1', position: 0, label: { class: 1 } },
      windows: { window_s: 4, hop_s: 4, count: 5 },
    });
    const eye = trials[0].windows.modalities.get('eye')!;
    expect(eye.features.map(({ channel, feature }) => `${channel}.${feature}`)).toEqual([
      'pupil.x_mean',
      'pupil.y_mean',
      'pupil.x_sd',
      'pupil.y_sd',
      ...['x', 'y'].flatMap((axis) =>
        ['0_200', '200_400', '400_600', '600_1000'].map((band) => `pupil.${axis}_de_${band}_mhz`),
      ),
      'fixation.dispersion_x_mean',
      'fixation.dispersion_y_mean',
      'fixation.dispersion_x_sd',
      'fixation.dispersion_y_sd',
      'fixation.duration_mean',
      'fixation.duration_sd',
      'saccade.duration_mean',
      'saccade.amplitude_mean',
      'saccade.duration_sd',
      'saccade.amplitude_sd',
      'blink.frequency_trial',
      'fixation.frequency_trial',
      'fixation.duration_max_trial',
      'fixation.dispersion_total_trial',
      'fixation.dispersion_max_trial',
      'saccade.frequency_trial',
      'saccade.duration_mean_trial',
      'saccade.amplitude_mean_trial',
      'saccade.latency_mean_trial',
    ]);
    expect(rowOf(trials[0], 'eye', 2).slice(0, 3)).toEqual([100.5, 101.5, 102.5]);
    expect(rowOf(trials[0], 'eeg', 2)[309]).toBe(100 + 61 + 0.5 + 4 / 64);
  });

  it('leaves what is no number as it is: missing', async () => {
    const trials = await featuresOf(await openDataset('seed-iv', features), '1');
    expect(rowOf(trials[1], 'eye', 1)[4]).toBeNaN();
    expect(rowOf(trials[1], 'eye', 1)[5]).toBe(205.25);
  });

  it('names what is missing, and does without the eyes where told to', async () => {
    await expect(openDataset('seed-iv', { ...features, sessions: ['1', '2'] })).rejects.toMatchObject({
      code: 'dataset-missing',
      message: expect.stringContaining(join('eeg_feature_smooth', '2')),
    });
    await expect(openDataset('seed-iv', { ...features, people: null })).rejects.toMatchObject({
      message: expect.stringContaining('2_<date>.mat (nor for 13 others): no such file'),
    });
    const copy = fixtureCopy('seed-iv');
    rmSync(join(copy, 'eye_feature_smooth'), { recursive: true });
    await expect(openDataset('seed-iv', { ...features, path: copy })).rejects.toThrow(
      'copy it, or set `eye: false`',
    );
    const [trial] = await featuresOf(
      await openDataset('seed-iv', { ...features, path: copy, eye: false }),
      '1',
    );
    expect([...trial.windows.modalities.keys()]).toEqual(['eeg']);
  });
});
