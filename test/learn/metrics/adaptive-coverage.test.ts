import { describe, expect, it } from 'vitest';
import { Random } from '../../../src/core/random.js';
import { conformalHalfWidths } from '../../../src/learn/fit/conformal.js';
import { adaptiveCoverage } from '../../../src/learn/metrics/adaptive-coverage.js';
import { intervalCoverage } from '../../../src/learn/metrics/interval-coverage.js';

describe('adaptiveCoverage', () => {
  it('asks for more after each miss, for less after each hit', () => {
    const asked: number[] = [];
    const { covered, width } = adaptiveCoverage(
      [0, 0, 0],
      [0.95, 0.9, 0.9],
      (level) => {
        asked.push(level);
        return level;
      },
      0.9,
    );
    expect(asked).toEqual([0.9, 0.9045, 0.904].map((level) => expect.closeTo(level, 12)));
    expect(covered).toBeCloseTo(2 / 3, 12);
    expect(width).toBeCloseTo((2 * (0.9 + 0.9045 + 0.904)) / 3, 12);
  });

  it('holds the whole scale where nothing less would do', () => {
    expect(adaptiveCoverage([1], [-1], () => null, 0.9)).toEqual({ covered: 1, width: 4 });
  });

  it('comes to its level for somebody whose errors are nobody else’s, within the bound of Gibbs & Candès', () => {
    const normal = new Random(8).gaussian;
    const others = Array.from({ length: 40 }, () =>
      Array.from({ length: 50 }, () => Math.abs(0.1 * normal())),
    );
    const halfWidth = conformalHalfWidths(others);
    const n = 4000;
    const label = Array.from({ length: n }, (_, i) => (i < n / 2 ? 0.3 : 0.02) * normal());
    const predicted = new Float64Array(n);
    const fixed = intervalCoverage(predicted, new Float64Array(n).fill(halfWidth(0.9)!), label);
    expect(fixed.covered).toBeLessThan(0.75);
    const { covered } = adaptiveCoverage(predicted, label, halfWidth, 0.9);
    expect(Math.abs(covered - 0.9)).toBeLessThan((0.9 + 0.005) / (0.005 * n));
  });
});
