import { describe, expect, it } from 'vitest';
import type { ModelFrame } from '../../src/core/model.js';
import { halfWidth, moment, momentWidth } from '../../src/models/intervals.js';

const frame: ModelFrame = [
  { values: new Float32Array(4), mask: Uint8Array.of(1, 0, 1, 1), present: true },
  { values: new Float32Array(2), mask: Uint8Array.of(1, 1), present: false },
];

describe('moment', () => {
  it('has the values, cut to their scale, their squares, and what is measured of whom', () => {
    const found = moment(Float32Array.of(-0.5, 1.5), frame, [true, false]);
    expect([...found]).toEqual([1, -0.5, 0.25, 1, 1, 1, 0.75, 0, 0]);
    expect(found).toHaveLength(momentWidth(2, 2));
  });
});

describe('halfWidth', () => {
  const calibration = {
    level: 0.9,
    scale: { valence: [Math.LN2, 0, 0, 0, 0, 0, 0, 0, 0] },
    quantiles: { eeg: { valence: 0.3, arousal: 0.4 }, 'eeg+eye': { valence: null } },
  };
  const own = moment(Float32Array.of(0, 0), frame, [true, false]);

  it('is the quantile of the set times the scale', () => {
    expect(halfWidth(calibration, 'valence', 'eeg', own)).toBeCloseTo(0.6, 12);
  });

  it('is not known of a set that nobody was measured with, of too few people, or without a scale', () => {
    expect(halfWidth(calibration, 'valence', 'eye', own)).toBeNull();
    expect(halfWidth(calibration, 'valence', 'eeg+eye', own)).toBeNull();
    expect(halfWidth(calibration, 'arousal', 'eeg', own)).toBeNull();
    expect(halfWidth(calibration, 'valence', '', own)).toBeNull();
  });
});
