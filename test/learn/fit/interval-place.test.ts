import { describe, expect, it } from 'vitest';
import { Random } from '../../../src/core/random.js';
import { followedShare, neutralReach, type ToldWindows } from '../../../src/learn/fit/interval-place.js';

describe('followedShare', () => {
  it('is what labels are of estimates, none where they go against them, at most all', () => {
    const windows = (told: number[], label: number[]): ToldWindows[] => [
      { told, label, scale: told.map(() => 1) },
    ];
    expect(followedShare(windows([0.8, -0.4], [0.4, -0.2]))).toBeCloseTo(0.5, 12);
    expect(followedShare(windows([0.8, -0.4], [-0.4, 0.2]))).toBe(0);
    expect(followedShare(windows([0.2, -0.1], [0.4, -0.2]))).toBe(1);
    expect(followedShare(windows([0, 0], [0.4, -0.2]))).toBe(0);
  });
});

describe('neutralReach', () => {
  /** People whose labels go over the whole scale, with noisy estimates, twice as noisy in every second window. */
  function people(count: number, seed: number): ToldWindows[] {
    const { uniform } = new Random(seed);
    return Array.from({ length: count }, () => {
      const scale = Array.from({ length: 100 }, (_, i) => (i % 2 === 0 ? 0.2 : 0.4));
      const label = scale.map(() => 2 * uniform() - 1);
      const told = label.map((value, i) => value + scale[i] * (uniform() + uniform() + uniform() - 1.5));
      return { told, label, scale };
    });
  }

  it('is passed by one estimate in forty of new people who feel nothing, in clear windows as in noisy ones', () => {
    const reach = neutralReach(people(200, 1))!;
    for (const parity of [0, 1]) {
      const neutral = people(2000, 2).flatMap(({ told, label, scale }) =>
        told.flatMap((value, i) =>
          i % 2 === parity && Math.abs(label[i]) < 0.1 ? [Math.abs(value) > reach * scale[i]] : [],
        ),
      );
      expect(neutral.filter(Boolean).length / neutral.length).toBeGreaterThan(0.01);
      expect(neutral.filter(Boolean).length / neutral.length).toBeLessThan(0.045);
    }
  });

  it('is not known of fewer people than it takes, or where nobody ever feels nothing', () => {
    expect(neutralReach(people(38, 3))).toBeNull();
    expect(neutralReach(people(39, 3))).not.toBeNull();
    const moved = people(100, 4).map((person) => ({
      ...person,
      label: person.label.map((value) => (value < 0 ? -1 : 1)),
    }));
    expect(neutralReach(moved)).toBeNull();
  });
});
