import { describe, expect, it } from 'vitest';
import { Random } from '../../../src/core/random.js';
import { conformalHalfWidth } from '../../../src/learn/fit/conformal.js';

describe('conformalHalfWidth', () => {
  it('is the ceil((n + 1) level)-th error where each person has one window', () => {
    const errors = Array.from({ length: 9 }, (_, person) => [person + 1]);
    expect(conformalHalfWidth(errors, 0.9)).toBe(9);
    expect(conformalHalfWidth(errors, 0.5)).toBe(5);
  });

  it('weighs people alike, however many windows they have', () => {
    const many = [Array(1000).fill(1), ...Array.from({ length: 9 }, () => [2])];
    expect(conformalHalfWidth(many, 0.5)).toBe(2);
  });

  it('is null when there are too few people', () => {
    expect(conformalHalfWidth([[1], [2], [3]], 0.9)).toBeNull();
    expect(conformalHalfWidth([], 0.5)).toBeNull();
  });

  it('covers windows of new people at its level to 1.5 points, though noise differs from person to person', () => {
    const normal = new Random(3).gaussian;
    const person = (): number[] => {
      const sd = Math.exp(0.4 * normal());
      return Array.from({ length: 30 }, () => Math.abs(sd * normal()));
    };
    let covered = 0;
    const TRIALS = 600;
    for (let trial = 0; trial < TRIALS; trial++) {
      const half = conformalHalfWidth(
        Array.from({ length: 99 }, () => person()),
        0.9,
      )!;
      covered += person().filter((error) => error <= half).length / 30;
    }
    expect(Math.abs(covered / TRIALS - 0.9)).toBeLessThan(0.015);
  });
});
