import { describe, expect, it } from 'vitest';
import { gaussian, mulberry32 } from '../../src/models/random.js';
import { conformalHalfWidth } from '../../src/training/conformal.js';

describe('conformalHalfWidth', () => {
  it('takes the people, not the windows, as the sample', () => {
    const errors = Array.from({ length: 9 }, (_, person) => Array(person + 1).fill(person + 1));
    expect(conformalHalfWidth(errors, 0.9)).toBe(9);
    expect(conformalHalfWidth(errors, 0.5)).toBe(5);
  });

  it('is null when there are too few people', () => {
    expect(conformalHalfWidth([[1], [2], [3]], 0.9)).toBeNull();
    expect(conformalHalfWidth([], 0.5)).toBeNull();
  });

  it('covers windows of new people at its level, whose noise differs from person to person', () => {
    const uniform = mulberry32(3);
    const normal = gaussian(uniform);
    const person = (): number[] => {
      const sd = Math.exp(0.4 * normal());
      return Array.from({ length: 60 }, () => Math.abs(sd * normal()));
    };
    let covered = 0;
    let total = 0;
    let people = 0;
    const TRIALS = 400;
    for (let trial = 0; trial < TRIALS; trial++) {
      const half = conformalHalfWidth(
        Array.from({ length: 19 }, () => person()),
        0.9,
      )!;
      const own = person();
      const inside = own.filter((error) => error <= half).length;
      covered += inside;
      total += own.length;
      if (inside >= 0.9 * own.length) people++;
    }
    expect(covered / total).toBeGreaterThan(0.9);
    expect(people / TRIALS).toBeGreaterThan(0.86);
    expect(people / TRIALS).toBeLessThan(0.94);
  });
});
