import { describe, expect, it } from 'vitest';
import { Random } from '../../src/core/random.js';
import { correlation, deviation, mean } from '../simulation/measure.js';

const draw = (random: Random, n: number, next: (random: Random) => number) =>
  Float64Array.from({ length: n }, () => next(random));

describe('Random', () => {
  it('gives the same numbers for the same seed and name', () => {
    const a = draw(new Random(7, 'eeg'), 50, (r) => r.gaussian());
    const b = draw(new Random(7, 'eeg'), 50, (r) => r.gaussian());
    expect(a).toEqual(b);
  });

  it('gives other, unrelated numbers for another seed or name', () => {
    const a = draw(new Random(7, 'eeg'), 20_000, (r) => r.gaussian());
    for (const other of [new Random(8, 'eeg'), new Random(7, 'eye')])
      expect(
        Math.abs(
          correlation(
            a,
            draw(other, 20_000, (r) => r.gaussian()),
          ),
        ),
      ).toBeLessThan(0.03);
  });

  it('has the moments of its distributions', () => {
    const normal = draw(new Random(1), 100_000, (r) => r.gaussian());
    expect(mean(normal)).toBeCloseTo(0, 1.5);
    expect(deviation(normal)).toBeCloseTo(1, 1.5);
    expect(mean(normal.map((x) => x * x * x * x))).toBeCloseTo(3, 0.7);
    const flat = draw(new Random(2), 100_000, (r) => r.uniform());
    expect(mean(flat)).toBeCloseTo(0.5, 2);
    expect(deviation(flat)).toBeCloseTo(1 / Math.sqrt(12), 2);
    expect(mean(draw(new Random(3), 100_000, (r) => r.exponential(4)))).toBeCloseTo(4, 0.7);
    expect(mean(draw(new Random(4), 100_000, (r) => Math.log(r.logNormal(0.3))))).toBeCloseTo(0, 2);
  });

  it('goes on from a state as if it had never stopped, between the two of a normal pair, too', () => {
    const random = new Random(5);
    for (let draws = 0; draws < 7; draws++) {
      random.gaussian();
      const other = new Random('another');
      other.restore(structuredClone(random.state));
      const rest = (r: Random) => [r.gaussian(), r.uniform(), r.gaussian(), r.between(2, 3)];
      const expected = new Random(5);
      for (let i = 0; i <= draws; i++) expected.gaussian();
      expect(rest(other)).toEqual(rest(expected));
    }
  });
});
