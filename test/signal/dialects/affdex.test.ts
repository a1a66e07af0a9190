import { describe, expect, it } from 'vitest';
import { affdexActionUnit } from '../../../src/signal/dialects/affdex.js';

describe('affdexActionUnit', () => {
  it('knows expressions in every way of writing, and no emotions', () => {
    expect(['Inner Brow Raise', 'innerBrowRaise', 'inner_brow_raise'].map(affdexActionUnit)).toEqual([
      1, 1, 1,
    ]);
    expect(['Joy', 'Smirk', 'Attention', 'Valence', 'Blink', ''].map(affdexActionUnit)).toEqual(
      Array(6).fill(undefined),
    );
  });
});
