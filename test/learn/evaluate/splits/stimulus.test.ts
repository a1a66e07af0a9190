import { expect, it } from 'vitest';
import { makeSplit } from '../../../../src/learn/evaluate/splits/split.js';
import { origins } from './people.js';

it('leaves each clip out in turn, whoever saw it and when', () => {
  const data = origins(3, 1, 4, 2);
  const { folds } = makeSplit({ kind: 'stimulus', folds: 'leave-one-out' }, data, 0.3, 3);
  expect(folds.map(({ name }) => name)).toEqual([
    'stimulus clip0',
    'stimulus clip1',
    'stimulus clip2',
    'stimulus clip3',
  ]);
  for (const { test } of folds) expect(new Set(test.map((i) => data[i].person)).size).toBe(3);
});
