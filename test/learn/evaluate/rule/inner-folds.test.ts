import { describe, expect, it } from 'vitest';
import { innerFolds } from '../../../../src/learn/evaluate/rule/inner-folds.js';
import { makeSplit } from '../../../../src/learn/evaluate/splits/split.js';
import { anExample } from '../../fit/an-example.js';
import { origins } from '../splits/people.js';

const examples = origins(9, 1, 4, 2).map((origin) => anExample(origin));
const { folds } = makeSplit({ kind: 'subject', folds: 3 }, examples, 0.2, 1);
const people = (indices: readonly number[]) => new Set(indices.map((i) => examples[i].person));

describe('innerFolds', () => {
  it('predicts every training window once, by models that saw neither its person nor the test part', () => {
    for (const fold of folds) {
      const inner = innerFolds(fold, examples, 5, 0.2, 1);
      expect(inner).toHaveLength(5);
      expect(inner.flatMap(({ test }) => test).sort((a, b) => a - b)).toEqual(
        [...fold.train, ...fold.validation].sort((a, b) => a - b),
      );
      const tested = people(fold.test);
      for (const { train, validation, test } of inner) {
        expect(validation.length).toBeGreaterThan(0);
        const learnt = people([...train, ...validation]);
        for (const person of [...people(test), ...tested]) expect(learnt.has(person)).toBe(false);
      }
    }
  });

  it('has as many as people, and none of too few or where none are wanted', () => {
    const few = { ...folds[0], train: folds[0].train.filter((i) => i < 24), validation: [] };
    expect(innerFolds(few, examples, 5, 0.2, 1).length).toBeLessThanOrEqual(people(few.train).size);
    expect(innerFolds({ ...few, train: few.train.filter((i) => i < 16) }, examples, 5, 0.2, 1)).toEqual([]);
    expect(innerFolds(folds[0], examples, 0, 0.2, 1)).toEqual([]);
  });
});
