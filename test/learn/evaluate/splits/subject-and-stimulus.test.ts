import { expect, it } from 'vitest';
import { makeSplit } from '../../../../src/learn/evaluate/splits/split.js';
import { origins } from './people.js';

it('leaves out of training what shares the person or the clip with the test', () => {
  const data = origins(10, 1, 10, 1);
  const { folds } = makeSplit({ kind: 'subject-and-stimulus', people: 5, stimuli: 5 }, data, 0.25, 3);
  expect(folds.length).toBe(25);
  for (const { test, train, validation } of folds) {
    expect(test.length).toBe(4);
    // Of the other 8 people and clips half of each is for validation.
    expect(train.length).toBe(16);
    expect(validation.length).toBe(16);
  }
});
