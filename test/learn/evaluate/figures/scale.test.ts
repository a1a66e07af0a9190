import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { extent, linearScale, ticks } from '../../../../src/learn/evaluate/figures/scale.js';

describe('ticks', () => {
  it('are round numbers', () => {
    expect(ticks(0, 0.4, 8)).toEqual([0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4]);
    expect(ticks(-1.05, 1.05, 6)).toEqual([-1, -0.5, 0, 0.5, 1]);
    expect(ticks(1, 75, 8)).toEqual([10, 20, 30, 40, 50, 60, 70]);
  });

  it('lie within the axis, and are not too many', () => {
    fc.assert(
      fc.property(
        fc.double({ min: -1e6, max: 1e6, noNaN: true }),
        fc.double({ min: 1e-3, max: 1e6, noNaN: true }),
        (low, span) => {
          const all = ticks(low, low + span, 6);
          expect(all.length).toBeGreaterThan(2);
          expect(all.length).toBeLessThan(12);
          for (const tick of all) {
            expect(tick).toBeGreaterThanOrEqual(low - 1e-6 * span - 1e-9);
            expect(tick).toBeLessThanOrEqual(low + span + 1e-6 * span + 1e-9);
          }
        },
      ),
    );
  });
});

it('maps a domain onto a range, upside down too', () => {
  const scale = linearScale([0, 10], [300, 100]);
  expect([0, 5, 10].map(scale)).toEqual([300, 200, 100]);
});

it('finds an extent, whatever is missing', () => {
  expect(extent([1, Number.NaN, 2])).toEqual([0.96, 2.04]);
  expect(extent([3, 3])).toEqual([2.5, 3.5]);
  expect(extent([])).toEqual([0, 1]);
});
