import { expect, it } from 'vitest';
import { makeSplit } from '../../../../src/learn/evaluate/splits/split.js';
import { origins } from './people.js';

const data = origins(3, 1, 8, 2);
const people = (indices: readonly number[]): string[] => [...new Set(indices.map((i) => data[i].person))];

it('tests the people that it names and trains on all others', () => {
  const split = makeSplit({ kind: 'given', test: ['p1'] }, data, 0, 1);
  expect(split.label).toBeNull();
  expect(split.folds).toHaveLength(1);
  const [{ name, train, validation, test }] = split.folds;
  expect(name).toBe('p1');
  expect(people(test)).toEqual(['p1']);
  expect(people(train)).toEqual(['p0', 'p2']);
  expect(test.length + train.length).toBe(data.length);
  expect(validation).toEqual([]);
});

it('holds whole trials of the others out for early stopping', () => {
  const [{ train, validation }] = makeSplit({ kind: 'given', test: ['p1'] }, data, 0.25, 1).folds;
  const trials = (indices: readonly number[]) =>
    new Set(indices.map((i) => `${data[i].person} ${data[i].trial}`));
  expect(validation.length).toBe(8);
  expect(trials(validation).size).toBe(4);
  for (const trial of trials(validation)) expect(trials(train).has(trial)).toBe(false);
});

it('refuses somebody whom the data do not have, and a test without training', () => {
  expect(() => makeSplit({ kind: 'given', test: ['p9'] }, data, 0, 1)).toThrow('p9 is not one of p0, p1, p2');
  expect(() => makeSplit({ kind: 'given', test: ['p0', 'p1', 'p2'] }, data, 0, 1)).toThrow(
    'nothing for train',
  );
});
