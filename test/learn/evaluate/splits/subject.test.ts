import { expect, it } from 'vitest';
import { makeSplit } from '../../../../src/learn/evaluate/splits/split.js';
import { origins } from './people.js';

it('leaves each person out in turn', () => {
  const data = origins(5, 2, 3, 2);
  const { folds } = makeSplit({ kind: 'subject', folds: 'leave-one-out' }, data, 0.25, 3);
  expect(folds.map(({ name }) => name)).toEqual(['p0', 'p1', 'p2', 'p3', 'p4']);
  for (const { name, test, validation } of folds) {
    expect(new Set(test.map((i) => data[i].person))).toEqual(new Set([name]));
    expect(new Set(validation.map((i) => data[i].person)).size).toBe(1);
  }
});
