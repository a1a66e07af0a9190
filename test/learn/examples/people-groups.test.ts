import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InputError } from '../../../src/core/errors.js';
import { groupPeople } from '../../../src/learn/examples/people-groups.js';
import { anExample } from '../fit/an-example.js';

const examples = (people: number) =>
  Array.from({ length: people * 3 }, (_, i) => anExample({ person: `p${i % people}` }));

describe('groupPeople', () => {
  it('puts everybody into one group alone, and everything into some group', () => {
    const share = fc.double({ min: 0, max: 0.3, noNaN: true });
    fc.assert(
      fc.property(
        fc.integer({ min: 4, max: 40 }),
        share,
        share,
        fc.integer(),
        (n, validation, calibration, seed) => {
          const all = examples(n);
          const groups = groupPeople(all, { validation, calibration }, seed);
          const people = [groups.train, groups.validation, groups.calibration].map(
            (group) => new Set(group.map(({ person }) => person)),
          );
          expect(people.reduce((sum, set) => sum + set.size, 0)).toBe(n);
          expect([...groups.train, ...groups.validation, ...groups.calibration]).toHaveLength(all.length);
          expect(groups.validation.length > 0).toBe(validation > 0);
          expect(groupPeople(all, { validation, calibration }, seed)).toEqual(groups);
        },
      ),
    );
  });

  it('says so when nobody is left to train on', () => {
    expect(() => groupPeople(examples(2), { validation: 0.5, calibration: 0.5 }, 1)).toThrow(InputError);
  });
});
