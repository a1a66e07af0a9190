import { describe, expect, it } from 'vitest';
import reference from '../../../fixtures/features/eeg.json' with { type: 'json' };
import { Welch } from '../../../src/signal/dsp/welch.js';
import { noise } from '../transforms/signals.js';

const densitiesOf = (welch: Welch, first: readonly number[], second: readonly number[]) => {
  const [one, other] = [new Float64Array(welch.bins), new Float64Array(welch.bins)];
  welch.compute(Float64Array.from(first), one, Float64Array.from(second), other, 0, welch.bins);
  return [one, other];
};

describe('Welch', () => {
  it.each(reference.welch)(
    'equals scipy.signal.welch at $sfreq Hz, segments of $segment',
    ({ sfreq, segment, x, density }) => {
      const welch = new Welch(x[0].length, sfreq, segment);
      const own = densitiesOf(welch, x[0], x[1]);
      expect(welch.bins).toBe(density[0].length);
      for (const [c, row] of density.entries()) {
        const largest = Math.max(...row);
        for (const [k, p] of row.entries())
          expect(Math.abs(own[c][k] - p)).toBeLessThan(1e-9 * Math.max(p, 1e-9 * largest));
      }
    },
  );

  it('computes each signal as if alone, to the last bit', () => {
    const welch = new Welch(256, 128, 128);
    const [a, b] = [noise(256, 1), noise(256, 2)];
    expect(densitiesOf(welch, a, b)).toEqual([densitiesOf(welch, a, a)[0], densitiesOf(welch, b, b)[0]]);
    expect(
      densitiesOf(
        welch,
        a,
        b.map(() => 1e300),
      )[0],
    ).toEqual(densitiesOf(welch, a, b)[0]);
    expect(
      densitiesOf(
        welch,
        a,
        b.map(() => Number.NaN),
      )[0],
    ).toEqual(densitiesOf(welch, a, b)[0]);
  });

  it('has nothing to give of a window shorter than a segment', () => {
    const welch = new Welch(100, 128, 128);
    expect(densitiesOf(welch, noise(100, 1), noise(100, 2))[0].every(Number.isNaN)).toBe(true);
  });
});
