import { expect, it } from 'vitest';
import { makeSplit } from '../../../../src/learn/evaluate/splits/split.js';
import { origins } from './people.js';

it('is SEED’s protocol: 9 clips of each session train, the last two of them for validation, 6 test', () => {
  const data = origins(2, 3, 15, 2).reverse();
  const { folds } = makeSplit({ kind: 'first-clips', train: 9, within: 'session' }, data, 0.2, 1);
  expect(folds.length).toBe(6);
  for (const fold of folds) {
    const positions = (part: readonly number[]) =>
      [...new Set(part.map((i) => data[i].position))].sort((a, b) => a - b);
    expect(positions(fold.train)).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect(positions(fold.validation)).toEqual([7, 8]);
    expect(positions(fold.test)).toEqual([9, 10, 11, 12, 13, 14]);
    expect(new Set(fold.test.map((i) => `${data[i].person}${data[i].session}`)).size).toBe(1);
  }
});
