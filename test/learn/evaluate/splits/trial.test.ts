import { describe, expect, it } from 'vitest';
import { makeSplit } from '../../../../src/learn/evaluate/splits/split.js';
import { origins } from './people.js';

const data = origins(4, 1, 10, 3);

describe('trial', () => {
  it('spreads each person’s trials over the folds', () => {
    const { folds } = makeSplit({ kind: 'trial', folds: 5, within: 'everybody' }, data, 0.25, 3);
    for (const { test, validation, name } of folds) {
      for (let p = 0; p < 4; p++) {
        const trialsOf = (part: readonly number[]) =>
          new Set(part.filter((i) => data[i].person === `p${p}`).map((i) => data[i].trial)).size;
        expect(trialsOf(test), name).toBe(2);
        expect(trialsOf(validation), name).toBe(2);
      }
    }
  });

  it('makes a model for each person where it is told to', () => {
    const { folds } = makeSplit({ kind: 'trial', folds: 2, within: 'person' }, data, 0.25, 3);
    expect(folds.map(({ name }) => name).slice(0, 3)).toEqual([
      'p0, trials 1 of 2',
      'p0, trials 2 of 2',
      'p1, trials 1 of 2',
    ]);
    for (const { train, validation, test } of folds)
      expect(new Set([...train, ...validation, ...test].map((i) => data[i].person)).size).toBe(1);
  });
});
