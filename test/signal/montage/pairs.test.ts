import { describe, expect, it } from 'vitest';
import { isElectrodeLabel } from '../../../src/signal/montage/labels.js';
import {
  caudalPairs,
  deapPairs,
  indexOfLabel,
  lateralPairs,
  mirrorOf,
} from '../../../src/signal/montage/pairs.js';
import { positionOf } from '../../../src/signal/montage/positions.js';

describe('pairs', () => {
  it('mirrors the left to the right', () => {
    expect(['F3', 'AFF5h', 'TP9', 'CB1', 'T3'].map(mirrorOf)).toEqual(['F4', 'AFF6h', 'TP10', 'CB2', 'T4']);
    expect(['Fz', 'F4', 'TP10', '', 'ch'].map(mirrorOf)).toEqual([null, null, null, null, null]);
    for (const [left, right] of deapPairs) expect(mirrorOf(left)).toBe(right);
  });

  it('has each electrode on the left with its mirror, in order', () => {
    expect(lateralPairs(['Fz', 'F3', 'F4', 'CB1'])).toEqual([
      ['F3', 'F4'],
      ['CB1', 'CB2'],
    ]);
  });

  it('lie one behind the other, front first', () => {
    expect(caudalPairs).toHaveLength(23);
    for (const [front, back] of caudalPairs) {
      expect(isElectrodeLabel(front) && isElectrodeLabel(back)).toBe(true);
      const [a, b] = [positionOf(front), positionOf(back)];
      if (a && b) expect(a[1]).toBeGreaterThan(b[1]);
    }
  });

  it('are found by either name, the given one first', () => {
    expect(indexOfLabel(['Cz', 'T3'], 'T7')).toBe(1);
    expect(indexOfLabel(['T3', 'T7'], 'T7')).toBe(1);
    expect(indexOfLabel(['Cz', 'T3'], 'fp1')).toBe(-1);
  });
});
