import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { areaUnderRoc } from '../../../src/learn/metrics/area-under-roc.js';
import { pooledAuc } from '../../../src/learn/metrics/pooled-auc.js';

const window = fc.record({ score: fc.integer({ min: 0, max: 6 }), isPositive: fc.boolean() });
const people = fc.array(fc.array(window, { maxLength: 8 }), { minLength: 1, maxLength: 5 });
const drawn = fc.array(fc.nat(), { maxLength: 8 });

describe('the pooled area of people who are drawn', () => {
  it('is that of all their windows, to the bit, with equal scores and without a class', () => {
    fc.assert(
      fc.property(people, drawn, (people, draws) => {
        const places = draws.map((draw) => draw % people.length);
        const area = pooledAuc(
          people.map((own) => ({
            scores: own.map(({ score }) => score / 7),
            positive: own.map(({ isPositive }) => isPositive),
          })),
        );
        const all = places.flatMap((place) => people[place]);
        const expected = areaUnderRoc(
          all.map(({ score }) => score / 7),
          all.map(({ isPositive }) => isPositive),
        );
        // A draw doesn't depend on the one before.
        for (let again = 0; again < 2; again++) expect(area(places)).toBe(expected);
      }),
      { numRuns: 500 },
    );
  });
});
