import { describe, expect, it } from 'vitest';
import reference from '../../../fixtures/montage/splines.json' with { type: 'json' };
import { type Position, positionOf } from '../../../src/signal/montage/positions.js';
import { splineWeights } from '../../../src/signal/montage/spherical-splines.js';

function largestError(weights: readonly Float64Array[], expected: readonly (readonly number[])[]): number {
  return Math.max(...expected.flatMap((row, i) => row.map((w, j) => Math.abs(weights[i][j] - w))));
}

describe('splineWeights', () => {
  it.each(reference.cases)("equals MNE's matrix for $to", ({ to, weights }) => {
    const kept = reference.names.filter((name) => !to.includes(name));
    const own = splineWeights(
      kept.map((n) => positionOf(n)!),
      to.map((n) => positionOf(n)!),
    );
    expect(largestError(own, weights)).toBeLessThan(1e-9);
  });

  it("equals MNE's matrix where points lie anywhere on the sphere", () => {
    const { positions, to, weights } = reference.dense;
    const points = positions as unknown as Position[];
    const own = splineWeights(points.slice(to), points.slice(0, to));
    expect(largestError(own, weights)).toBeLessThan(1e-9);
  });

  it('has rows that sum to 1, and gives a measured point back but for the regularization', () => {
    const from = ['Fp1', 'Fp2', 'C3', 'C4', 'O1', 'O2', 'Pz'].map((n) => positionOf(n)!);
    const [between, same] = splineWeights(from, [positionOf('Cz')!, from[2]]);
    for (const row of [between, same]) expect(row.reduce((a, b) => a + b)).toBeCloseTo(1, 10);
    for (const [i, w] of same.entries()) expect(Math.abs(w - Number(i === 2))).toBeLessThan(0.05);
  });
});
