import { describe, expect, it } from 'vitest';
import reference from '../../fixtures/features/reference.json' with { type: 'json' };
import type { Channel, StreamInfo, StreamType } from '../../src/core/signal.js';
import { chunkOf, streamInfo } from '../../src/testing/stream-fixtures.js';
import { named, vectorsOf } from './extractor-runs.js';

const row = (values: readonly (number | null)[]) => values.map((v) => v ?? Number.NaN);

function streamWith(
  type: StreamType,
  sfreq: number,
  channels: readonly [label: string, unit: string][],
): StreamInfo {
  const info = streamInfo({ type, sfreq, labels: [], unit: '' });
  return { ...info, channels: channels.map(([label, unit]): Channel => ({ label, unit, type: '' })) };
}

function check(
  feature: string,
  info: StreamInfo,
  rows: readonly number[][],
  time: number,
  expected: Record<string, number>,
) {
  const [vector] = vectorsOf(feature, info, [chunkOf(info, rows, 0)], [time]);
  const values = named(vector);
  for (const [name, value] of Object.entries(expected))
    expect(Math.abs(values[name]! - value), name).toBeLessThan(1e-9);
  return vector;
}

describe('features equal plain numpy', () => {
  const { pupil, gaze, skin, temperature, muscle, motion } = reference;

  const pupilValues = {
    'pupil.pupil_mean': pupil.pupil_mean,
    'pupil.pupil_sd': pupil.pupil_sd,
    'pupil.pupil_slope': pupil.pupil_slope,
    'pupil.pupil_missing': pupil.pupil_missing,
  };
  const dialects: Record<string, readonly [string, string][]> = {
    ours: [
      ['left_pupil', 'mm'],
      ['right_pupil', 'mm'],
    ],
    'Pupil Capture': [
      ['diameter1_3d', 'mm'],
      ['diameter0_3d', 'mm'],
    ],
    EyeLink: [
      ['leftPupilArea', ''],
      ['rightPupilArea', ''],
    ],
    SMI: [
      ['Diameter_X_left', 'px'],
      ['Diameter_X_right', 'px'],
    ],
    iMotions: [
      ['PupilLeft', 'mm'],
      ['PupilRight', 'mm'],
    ],
  };
  for (const [name, channels] of Object.entries(dialects))
    it(`pupil-statistics, labels of ${name}`, () => {
      const decoys = streamWith('Gaze', 60, [
        ['confidence', ''],
        ['pupil_x', 'px'],
        ...channels,
        ['diameter0_2d', 'px2'],
      ]);
      const hundred = pupil.left.map(() => 100);
      const rows = [hundred, hundred, row(pupil.left), row(pupil.right), hundred];
      const vector = check('pupil-statistics', decoys, rows, 4, pupilValues);
      expect(vector.schema.features[0].unit).toBe(channels[0][1]);
    });

  it('pupil-statistics of one eye, the other one out', () => {
    const info = streamWith('Gaze', 60, [
      ['left_pupil', 'mm'],
      ['right_pupil', 'mm'],
    ]);
    const one = named(
      vectorsOf('pupil-statistics', info, [chunkOf(info, [row(pupil.left), row(pupil.left)], 0)], [4])[0],
    );
    const garbage = pupil.left.map(() => Number.NaN);
    expect(
      named(vectorsOf('pupil-statistics', info, [chunkOf(info, [row(pupil.left), garbage], 0)], [4])[0]),
    ).toEqual(one);
  });

  const gazeLabels: Record<string, readonly [string, string]> = {
    ours: ['left_x', 'left_y'],
    plain: ['x', 'y'],
    'Pupil Capture': ['norm_pos_x', 'norm_pos_y'],
    EyeLink: ['leftEyeX', 'leftEyeY'],
    SMI: ['Screen_X_left', 'Screen_Y_left'],
  };
  for (const [name, [x, y]] of Object.entries(gazeLabels))
    it(`gaze-statistics, labels of ${name}`, () => {
      const hundred = gaze.x.map((_, i) => 100 * i);
      const decoys = ['gaze_point_3d_x', 'gaze_point_3d_y', 'gaze_normal0_x', 'gaze_normal0_y'];
      const info = streamWith('Gaze', 60, [
        ...decoys.map((d): [string, string] => [d, 'mm']),
        [x, 'norm'],
        [y, 'norm'],
      ]);
      check('gaze-statistics', info, [...decoys.map(() => hundred), row(gaze.x), row(gaze.y)], 4, {
        'gaze.gaze_sd_x': gaze.gaze_sd_x,
        'gaze.gaze_sd_y': gaze.gaze_sd_y,
        'gaze.gaze_dispersion': gaze.gaze_dispersion,
        'gaze.gaze_path': gaze.gaze_path,
        'gaze.gaze_missing': gaze.gaze_missing,
      });
    });

  it('gaze-statistics takes (0, 0) px as no gaze', () => {
    const info = streamWith('Gaze', 60, [
      ['x', 'px'],
      ['y', 'px'],
    ]);
    const zeros = (values: readonly (number | null)[]) =>
      values.map((v, i) => (gaze.x[i] === null || gaze.y[i] === null ? 0 : v!));
    check('gaze-statistics', info, [zeros(gaze.x), zeros(gaze.y)], 4, {
      'gaze.gaze_missing': gaze.gaze_missing,
      'gaze.gaze_sd_x': gaze.gaze_sd_x,
    });
  });

  it('streams without pupil or gaze have nothing to give', () => {
    const info = streamWith('Gaze', 60, [['blink', '']]);
    const rows = [gaze.x.map(() => 1)];
    for (const feature of ['pupil-statistics', 'gaze-statistics'])
      expect(vectorsOf(feature, info, [chunkOf(info, rows, 0)], [4])[0].present).not.toContain(1);
  });

  it('skin-conductance', () => {
    const info = streamWith('EDA', 4, [['eda', 'uS']]);
    check('skin-conductance', info, [row(skin.eda)], 4, {
      'skin.eda_level': skin.eda_level,
      'skin.eda_slope': skin.eda_slope,
      'skin.eda_phasic_sd': skin.eda_phasic_sd,
    });
    const other = streamWith('EDA', 4, [['eda', 'kOhm']]);
    expect(
      vectorsOf('skin-conductance', other, [chunkOf(other, [row(skin.eda)], 0)], [4])[0].present,
    ).not.toContain(1);
  });

  it('skin-temperature', () => {
    const info = streamWith('TEMP', 4, [['temp', 'degC']]);
    check('skin-temperature', info, [row(temperature.temp)], 40, {
      'skin.temp_mean': temperature.temp_mean,
      'skin.temp_slope': temperature.temp_slope,
    });
    const early = vectorsOf(
      'skin-temperature',
      info,
      [chunkOf(info, [row(temperature.temp)], 0)],
      [4, 9.5, 10],
    ).map(named);
    expect(early.map((v) => v['skin.temp_slope'] === null)).toEqual([true, true, false]);
  });

  it('muscle-activity', () => {
    const info = streamWith('EMG', 100, [['zygomaticus', 'uV']]);
    check('muscle-activity', info, [row(muscle.emg)], 10, { 'zygomaticus.emg_log_rms': muscle.emg_log_rms });
  });

  it('motion', () => {
    const info = streamWith('ACC', 32, [
      ['x', 'g'],
      ['y', 'g'],
      ['z', 'g'],
    ]);
    check('motion', info, motion.acc, 4, { 'body.acc_sd': motion.acc_sd });
  });
});
