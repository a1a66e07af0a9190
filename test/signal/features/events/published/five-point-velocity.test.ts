import { describe, expect, it } from 'vitest';
import { fivePointVelocity } from '../../../../../src/signal/features/events/published/five-point-velocity.js';
import { published } from './published-reference.js';

describe('fivePointVelocity', () => {
  it.each(published)("is numpy's at $gaze.sfreq Hz", ({ gaze, velocity_x }) => {
    const velocity = fivePointVelocity(gaze.x, gaze.sfreq);
    expect(velocity.length).toBe(gaze.x.length);
    for (const [i, expected] of velocity_x.entries())
      if (Number.isNaN(expected)) expect(velocity[i], `sample ${i}`).toBeNaN();
      else expect(velocity[i], `sample ${i}`).toBeCloseTo(expected, 8);
  });

  it('is the slope of a line, and unknown at both ends and about a loss', () => {
    const line = Array.from({ length: 12 }, (_, i) => (i === 6 ? Number.NaN : 0.5 * i));
    const nan = Number.NaN;
    expect([...fivePointVelocity(line, 100)]).toEqual([
      ...[nan, nan, 50, 50],
      ...[nan, nan, nan, nan, nan],
      ...[50, nan, nan],
    ]);
  });

  it('is unknown everywhere in four samples', () => {
    expect([...fivePointVelocity([1, 2, 3, 4], 100)].every(Number.isNaN)).toBe(true);
  });
});
