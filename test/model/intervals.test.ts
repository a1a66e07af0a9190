import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ModelFrame } from '../../src/core/model.js';
import { boundsOf, halfWidthFor, moment, momentWidth } from '../../src/model/intervals.js';

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

describe('boundsOf', () => {
  const calibration = {
    level: 0.9,
    scale: { valence: [Math.LN2, 0, 0, 0, 0, 0, 0, 0, 0] },
    quantiles: { eeg: { valence: 0.15, arousal: 0.4 }, 'eeg+eye': { valence: null } },
  };
  const own = moment(Float32Array.of(0, 0), frame, [true, false]);
  const bounds = (value: number, share?: number, reach?: number) => {
    const placed = {
      ...calibration,
      ...(share !== undefined && { middle: { eeg: { valence: share } } }),
      ...(reach !== undefined && { neutral: { eeg: { valence: reach } } }),
    };
    return boundsOf(placed, 'valence', 'eeg', value, own)!.map((bound) => Math.round(1e9 * bound) / 1e9);
  };

  it('goes as far from its middle as the quantile of the set times the scale, within the scale of labels', () => {
    expect(bounds(0.5)).toEqual([0.2, 0.8]);
    expect(bounds(0.9)).toEqual([0.6, 1]);
    expect(bounds(-3)).toEqual([-1, -0.7]);
  });

  it('has its middle at a share of the estimate, which it holds', () => {
    expect(bounds(0.5, 0.4)).toEqual([-0.1, 0.5]);
    expect(bounds(-0.5, 0.4)).toEqual([-0.5, 0.1]);
    expect(bounds(1, 0.4)).toEqual([0.1, 1]);
  });

  it('reaches 0 where an estimate lies no further from it than where nothing is felt', () => {
    expect(bounds(0.7, 1, 0.35)).toEqual([0, 1]);
    expect(bounds(-0.7, 1, 0.35)).toEqual([-1, 0]);
    expect(bounds(0.701, 1, 0.35)).toEqual([0.401, 1]);
    expect(bounds(0.2, 1, 0.35)).toEqual([-0.1, 0.5]);
  });

  it('is not known of a set that nobody was measured with, of too few people, or without a scale', () => {
    for (const [dimension, set] of [
      ['valence', 'eye'],
      ['valence', 'eeg+eye'],
      ['arousal', 'eeg'],
      ['valence', ''],
    ] as const)
      expect(boundsOf(calibration, dimension, set, 0, own)).toBeNull();
  });

  it('holds the labels that need no more than half its width, and no other', () => {
    const within = fc.double({ min: -1, max: 1, noNaN: true });
    const share = fc.double({ min: 0, max: 1, noNaN: true });
    const reach = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(within, share, reach, within, (value, middle, far, label) => {
        const placed = {
          ...calibration,
          middle: { eeg: { valence: middle } },
          neutral: { eeg: { valence: far } },
        };
        const [low, high] = boundsOf(placed, 'valence', 'eeg', value, own)!;
        const needed = halfWidthFor(placed, 'valence', 'eeg', value, 2, label);
        fc.pre(Math.abs(needed - 0.15) > 1e-9);
        expect(low <= label && label <= high).toBe(needed < 0.15);
      }),
    );
  });
});
