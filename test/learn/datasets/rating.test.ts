import { describe, expect, it } from 'vitest';
import { classLabel, onNativeScale, ratedLabel } from '../../../src/learn/datasets/rating.js';

describe('ratings', () => {
  it('come onto -1..1', () => {
    expect([1, 3, 5, 9].map((rating) => onNativeScale(rating, 1, 9, 'x'))).toEqual([-1, -0.5, 0, 1]);
    expect([1, 2, 5].map((rating) => onNativeScale(rating, 1, 5, 'x'))).toEqual([-1, -0.5, 1]);
  });

  it('outside their scale are refused; those that are missing are left out', () => {
    expect(() => onNativeScale(9.01, 1, 9, 'x.mat')).toThrow(
      'x.mat: a rating of 9.01 lies outside its scale, 1 to 9',
    );
    expect(ratedLabel(['valence', 'arousal'], [Number.NaN, 9], [1, 9], 'x')).toEqual({
      targets: { arousal: 1 },
      class: null,
    });
  });

  it('may be classes', () => {
    expect(classLabel(2)).toEqual({ targets: {}, class: 2 });
  });
});
