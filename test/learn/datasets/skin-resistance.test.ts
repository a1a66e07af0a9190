import { describe, expect, it } from 'vitest';
import { conductanceOf } from '../../../src/learn/datasets/skin-resistance.js';

describe('skin resistance', () => {
  it('becomes conductance in uS, where there can be one', () => {
    expect([...conductanceOf([1e6, 250_000, 0, -5, Number.NaN])]).toEqual([
      1,
      4,
      Number.NaN,
      Number.NaN,
      Number.NaN,
    ]);
  });
});
