import { describe, expect, it } from 'vitest';
import reference from '../../../fixtures/evaluation/metrics.json' with { type: 'json' };
import { Random } from '../../../src/core/random.js';
import { areaUnderRoc } from '../../../src/learn/metrics/area-under-roc.js';
import { clusterBootstrap, quantile } from '../../../src/learn/metrics/cluster-bootstrap.js';

const settings = { resamples: 2000, level: 0.95, seed: 4 };
const mean = (people: readonly (readonly number[])[]): number =>
  people.reduce((sum, own) => sum + own.reduce((total, value) => total + value, 0), 0) /
  people.reduce((sum, { length }) => sum + length, 0);

describe('clusterBootstrap', () => {
  it('holds the mean of new people in 95 % of cases, with 10 windows of each alike', () => {
    const normal = new Random(9).gaussian;
    let held = 0;
    const rounds = 150;
    for (let round = 0; round < rounds; round++) {
      const people = Array.from({ length: 25 }, () => {
        const own = normal();
        return Array.from({ length: 10 }, () => own + 0.1 * normal());
      });
      const { low, high } = clusterBootstrap(people, mean, { ...settings, resamples: 200, seed: round });
      if (low <= 0 && 0 <= high) held++;
    }
    // Percentile intervals of 25 people are a little short; of single windows they would hold less than half.
    expect(held / rounds).toBeGreaterThan(0.88);
    expect(held / rounds).toBeLessThan(0.99);
  });

  it('gives an AUC its interval, and leaves out resamples that have none', () => {
    const people = [
      { scores: [0.1, 0.2], positive: [false, false] },
      { scores: [0.3, 0.9], positive: [false, true] },
      { scores: [0.8, 0.7], positive: [true, true] },
    ];
    const auc = (own: readonly (typeof people)[number][]): number =>
      areaUnderRoc(
        own.flatMap(({ scores }) => scores),
        own.flatMap(({ positive }) => positive),
      );
    const interval = clusterBootstrap(people, auc, settings);
    expect(interval.estimate).toBe(1);
    // Three times the first person, or three times the last: 2 / 27.
    expect(interval.resamples / 2000).toBeCloseTo(25 / 27, 1);
    expect(interval.resamples).toBeLessThan(2000);
  });

  it('is the same for the same seed', () => {
    const people = [[1], [2], [5], [9]];
    expect(clusterBootstrap(people, mean, settings)).toEqual(clusterBootstrap(people, mean, settings));
    expect(clusterBootstrap([], mean, settings).low).toBeNaN();
  });
});

it('takes quantiles as numpy does', () => {
  const { values, q, expected } = reference.quantile;
  q.forEach((place, i) => {
    expect(quantile(values, place)).toBeCloseTo(expected[i], 12);
  });
});
