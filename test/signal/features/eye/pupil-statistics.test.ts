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
const row = (size: (i: number) => number) => Array.from({ length: SAMPLES }, (_, i) => size(i));
const mono = streamWith('Gaze', 60, [['left_pupil', 'mm']]);
const eyes = streamWith('Gaze', 60, [
  ['left_pupil', 'mm'],
  ['right_pupil', 'mm'],
]);

/** Labels of the two eyes' sizes, their unit as declared, and the unit of the features. */
const dialects: Record<string, readonly [left: string, right: string, declared: string, unit: string]> = {
  ours: ['left_pupil', 'right_pupil', 'mm', 'mm'],
  Tobii: ['left_pupil_diameter', 'right_pupil_diameter', 'mm', 'mm'],
  'Pupil Capture': ['diameter1_3d', 'diameter0_3d', 'mm', 'mm'],
  EyeLink: ['leftPupilArea', 'rightPupilArea', '', ''],
  SMI: ['Diameter_X_left', 'Diameter_X_right', 'pixels', 'px'],
  iMotions: ['PupilLeft', 'PupilRight', 'millimeters', 'mm'],
};

describe('pupil-statistics', () => {
  const { left, right, ...values } = reference.pupil;
  const expected = Object.fromEntries(Object.entries(values).map(([name, v]) => [`pupil.${name}`, v]));

  it.each(Object.entries(dialects))('equals plain numpy, labels of %s', (_, [l, r, declared, unit]) => {
    const channels = [
      ['confidence', ''],
      ['pupil_x', 'px'],
      [l, declared],
      [r, declared],
      ['diameter0_2d', 'px2'],
    ] as const;
    const hundred = row(() => 100);
    const rows = [hundred, hundred, referenceRow(left), referenceRow(right), hundred];
    const vector = vectorOfDevice('pupil-statistics', { type: 'Gaze', sfreq: 60, channels }, rows, 4);
    expectValues(vector, expected);
    expect(units(vector)).toEqual({
      'pupil.pupil_mean': unit,
      'pupil.pupil_sd': unit,
      'pupil.pupil_slope': `${unit}/s`,
      'pupil.pupil_missing': 'share',
    });
  });

  it('gives mean and slope of a pupil that widens', () => {
    const widening = row((i) => 3 + 0.1 * (i / 60));
    expectValues(vectorAt('pupil-statistics', mono, [widening], 4), {
      'pupil.pupil_mean': 3 + 0.1 * (239 / 120),
      'pupil.pupil_slope': 0.1,
      'pupil.pupil_missing': 0,
    });
  });

  it('gives the spread of a pupil that changes between two sizes', () => {
    const vector = vectorAt('pupil-statistics', mono, [row((i) => (i % 2 ? 3 : 3.4))], 4);
    expectValues(vector, { 'pupil.pupil_mean': 3.2, 'pupil.pupil_sd': 0.2 });
  });

  it('averages two eyes', () => {
    const vector = vectorAt('pupil-statistics', eyes, [row(() => 3), row((i) => (i % 2 ? 3.8 : 4.2))], 4);
    expectValues(vector, { 'pupil.pupil_mean': 3.5, 'pupil.pupil_sd': 0.1, 'pupil.pupil_missing': 0 });
  });

  it('takes 0, a negative size and NaN for no pupil, and counts what no eye saw', () => {
    // The left eye closes for 0.4 s, the right one for the second half of it and 0.2 s more.
    const spoil = (from: number, to: number, value: number) => row((i) => (i >= from && i < to ? value : 3));
    for (const value of [0, -1, Number.NaN]) {
      const rows = [spoil(60, 84, value), spoil(72, 96, value)];
      expectValues(vectorAt('pupil-statistics', eyes, rows, 4), {
        'pupil.pupil_mean': 3,
        'pupil.pupil_sd': 0,
        'pupil.pupil_missing': 12 / SAMPLES,
      });
      expectValues(vectorAt('pupil-statistics', mono, rows.slice(0, 1), 4), {
        'pupil.pupil_missing': 24 / SAMPLES,
      });
    }
  });

  it('measures one eye where the other one is out', () => {
    const one = referenceRow(left);
    const both = named(vectorAt('pupil-statistics', eyes, [one, one], 4));
    for (const garbage of [Number.NaN, 0])
      expect(named(vectorAt('pupil-statistics', eyes, [one, one.map(() => garbage)], 4))).toEqual(both);
    expect(named(vectorAt('pupil-statistics', mono, [one], 4))).toEqual(both);
  });

  it('never mixes units, nor an area with a diameter', () => {
    const info = streamWith('Gaze', 60, [
      ['left_pupil_area', 'mm'],
      ['right_pupil_area', 'mm'],
      ['left_pupil', 'mm'],
      ['right_pupil', 'px'],
    ]);
    const rows = [8, 8, 3, 40].map((size) => row(() => size));
    expectValues(vectorAt('pupil-statistics', info, rows, 4), { 'pupil.pupil_mean': 8 });
    expectValues(
      vectorAt('pupil-statistics', { ...info, channels: info.channels.slice(2) }, rows.slice(2), 4),
      {
        'pupil.pupil_mean': 3,
      },
    );
  });

  it('has nothing to give without a pupil', () => {
    const info = streamWith('Gaze', 60, [['blink', '']]);
    expect(vectorAt('pupil-statistics', info, [row(() => 1)], 4).present).not.toContain(1);
  });
});
