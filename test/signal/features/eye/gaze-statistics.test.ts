import { describe, expect, it } from 'vitest';
import reference from '../../../../fixtures/features/reference.json' with { type: 'json' };
import {
  expectValues,
  named,
  referenceRow,
  streamWith,
  units,
  vectorAt,
  vectorOfDevice,
} from '../extractor-runs.js';

const SAMPLES = 240;
const row = (value: (i: number) => number) => Array.from({ length: SAMPLES }, (_, i) => value(i));
const cyclops = (unit: string) =>
  streamWith('Gaze', 60, [
    ['x', unit],
    ['y', unit],
  ]);
const binocular = streamWith(
  'Gaze',
  60,
  ['left_x', 'left_y', 'right_x', 'right_y'].map((label) => [label, 'deg'] as const),
);
/** 5 deg from one sample to the next. */
const [leapX, leapY] = [row((i) => (i % 2 ? 13 : 10)), row((i) => (i % 2 ? 24 : 20))];

const dialects: Record<string, readonly [x: string, y: string]> = {
  ours: ['left_x', 'left_y'],
  plain: ['x', 'y'],
  Tobii: ['left_gaze_x', 'left_gaze_y'],
  'Pupil Capture': ['norm_pos_x', 'norm_pos_y'],
  EyeLink: ['leftEyeX', 'leftEyeY'],
  SMI: ['Screen_X_left', 'Screen_Y_left'],
};

describe('gaze-statistics', () => {
  const { x, y, ...values } = reference.gaze;
  const expected = Object.fromEntries(Object.entries(values).map(([name, v]) => [`gaze.${name}`, v]));

  it.each(Object.entries(dialects))('equals plain numpy, labels of %s', (_, labels) => {
    const decoys = ['gaze_point_3d_x', 'gaze_point_3d_y', 'gaze_normal0_x', 'gaze_normal0_y'];
    const channels = [
      ...decoys.map((label) => [label, 'mm'] as const),
      ...labels.map((label) => [label, 'normalized'] as const),
    ];
    const rows = [...decoys.map(() => row((i) => 100 * i)), referenceRow(x), referenceRow(y)];
    const vector = vectorOfDevice('gaze-statistics', { type: 'Gaze', sfreq: 60, channels }, rows, 4);
    expectValues(vector, expected);
    expect(units(vector)['gaze.gaze_sd_x']).toBe('norm');
  });

  it('gives spread in both directions, dispersion, and path per second', () => {
    const vector = vectorAt('gaze-statistics', cyclops('deg'), [leapX, leapY], 4);
    expect(units(vector)).toEqual({
      'gaze.gaze_sd_x': 'deg',
      'gaze.gaze_sd_y': 'deg',
      'gaze.gaze_dispersion': 'deg',
      'gaze.gaze_path': 'deg/s',
      'gaze.gaze_missing': 'share',
    });
    expectValues(vector, {
      'gaze.gaze_sd_x': 1.5,
      'gaze.gaze_sd_y': 2,
      'gaze.gaze_dispersion': 2.5,
      'gaze.gaze_path': 300,
      'gaze.gaze_missing': 0,
    });
  });

  it('lets no path lead over missing gaze', () => {
    const blink = (i: number) => i >= 100 && i < 124;
    const [left, right] = [row((i) => (blink(i) ? Number.NaN : i < 100 ? 1 : 31)), row(() => 2)];
    expectValues(vectorAt('gaze-statistics', cyclops('deg'), [left, right], 4), {
      'gaze.gaze_path': 0,
      'gaze.gaze_missing': 0.1,
    });
  });

  it('averages two eyes, and measures one where the other one is out', () => {
    const [still, out] = [row(() => 7), row(() => Number.NaN)];
    expectValues(vectorAt('gaze-statistics', binocular, [leapX, leapY, still, still], 4), {
      'gaze.gaze_sd_x': 0.75,
      'gaze.gaze_dispersion': 1.25,
      'gaze.gaze_path': 150,
    });
    const one = named(vectorAt('gaze-statistics', cyclops('deg'), [leapX, leapY], 4));
    expect(named(vectorAt('gaze-statistics', binocular, [leapX, leapY, out, out], 4))).toEqual(one);
    // An eye with one coordinate has no gaze.
    expect(named(vectorAt('gaze-statistics', binocular, [leapX, leapY, still, out], 4))).toEqual(one);
  });

  it('counts what neither eye saw', () => {
    const closed = (from: number, to: number) => row((i) => (i >= from && i < to ? Number.NaN : 5));
    const [left, right] = [closed(60, 84), closed(72, 96)];
    expectValues(vectorAt('gaze-statistics', binocular, [left, left, right, right], 4), {
      'gaze.gaze_missing': 12 / SAMPLES,
    });
  });

  it('takes (0, 0) px as no gaze, and (0, 0) deg as straight ahead', () => {
    const zeros = (values: readonly (number | null)[]) =>
      values.map((v, i) => (x[i] === null || y[i] === null ? 0 : v!));
    const rows = [zeros(x), zeros(y)];
    expectValues(vectorAt('gaze-statistics', cyclops('px'), rows, 4), expected);
    expectValues(vectorAt('gaze-statistics', cyclops('deg'), rows, 4), { 'gaze.gaze_missing': 0 });
  });

  it('never mixes units: degrees before others', () => {
    const info = streamWith('Gaze', 60, [
      ['screen_x', 'px'],
      ['screen_y', 'px'],
      ['other_x', 'px'],
      ['other_y', 'px'],
      ['left_x', 'deg'],
      ['left_y', 'deg'],
    ]);
    const far = row((i) => 900 + 100 * (i % 2));
    expectValues(vectorAt('gaze-statistics', info, [far, far, far, far, leapX, leapY], 4), {
      'gaze.gaze_dispersion': 2.5,
    });
  });

  it('has nothing to give without gaze', () => {
    for (const labels of [['blink'], ['left_x'], ['pupil_x', 'pupil_y']]) {
      const info = streamWith(
        'Gaze',
        60,
        labels.map((label) => [label, 'deg'] as const),
      );
      const rows = labels.map(() => leapX);
      expect(vectorAt('gaze-statistics', info, rows, 4).present).not.toContain(1);
    }
  });
});
