import { XMLValidator } from 'fast-xml-parser';
import { expect, it } from 'vitest';
import { trainingFigures } from '../../src/evaluation/training-figures.js';
import type { Epoch } from '../../src/training/fit.js';

const history = (scores: readonly number[]): Epoch[] =>
  scores.map((score, i) => ({
    epoch: i + 1,
    loss: 1 / (i + 1),
    terms: { mse: 0.5 / (i + 1), ranking: 1 },
    score,
    watched: null,
  }));

it('draws loss, objectives and validation score, the same bytes each time', () => {
  const figures = trainingFigures('demo', history([0.2, 0.4, 0.5]));
  expect([...figures.keys()]).toEqual(['loss.svg', 'objectives.svg', 'validation.svg']);
  for (const svg of figures.values()) expect(XMLValidator.validate(svg)).toBe(true);
  expect(figures.get('objectives.svg')).toContain('ranking');
  expect([...trainingFigures('demo', history([0.2, 0.4, 0.5]))]).toEqual([...figures]);
});

it('leaves the score out where there was no validation', () => {
  expect([...trainingFigures('demo', history([Number.NaN, Number.NaN])).keys()]).toEqual([
    'loss.svg',
    'objectives.svg',
  ]);
});
