import { describe, expect, it } from 'vitest';
import reference from '../../../fixtures/features/selection.json' with { type: 'json' };
import { observeWalk, unknownWalk } from '../../../src/signal/dsp/linear-dynamical-system.js';

const seriesOf = (y: readonly (number | null)[]) => Float64Array.from(y, (v) => v ?? Number.NaN);

describe.each(reference.lds)('a walk of Q $process, R $observation', (c) => {
  const y = seriesOf(c.y);

  it('is followed causally: at each time the last of the most probable states so far', () => {
    const estimate = { mean: c.mean, variance: c.variance };
    for (const [t, state] of c.filtered.entries()) {
      const step = t === 0 ? 0 : c.process;
      if (Number.isNaN(y[t])) estimate.variance += step;
      else observeWalk(estimate, y[t], step, c.observation);
      expect(Math.abs(estimate.mean - state)).toBeLessThan(1e-10);
    }
  });
});

describe('without a prior', () => {
  it('begins at the first observation', () => {
    const estimate = unknownWalk();
    observeWalk(estimate, 7, 0, 2);
    expect(estimate).toEqual({ mean: 7, variance: 2 });
  });

  it('goes on as with a prior that says next to nothing, leading holes too', () => {
    const [unknown, wide] = [unknownWalk(), { mean: 0, variance: 1e12 }];
    for (const y of [null, 1, 2, null, 4])
      for (const estimate of [unknown, wide])
        if (y === null) estimate.variance += 0.1;
        else observeWalk(estimate, y, 0.1, 1);
    expect(unknown.mean).toBeCloseTo(wide.mean, 6);
    expect(unknown.variance).toBeCloseTo(wide.variance, 6);
  });
});
