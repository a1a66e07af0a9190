import { XMLValidator } from 'fast-xml-parser';
import { expect, it } from 'vitest';
import { trainingFigures } from '../../../src/learn/evaluate/training-figures.js';
import type { Epoch } from '../../../src/learn/fit/fit.js';
import type { TrainingReport } from '../../../src/learn/fit/report.js';

const history = (losses: readonly number[]): Epoch[] =>
  losses.map((validation, i) => ({
    epoch: i + 1,
    loss: 1 / (i + 1),
    terms: { mse: 0.5 / (i + 1), ranking: 1 },
    validation,
    watched: null,
  }));

const none = { modalities: ['eeg'], groups: [] };
const drawn = (
  losses: readonly number[],
  weights: TrainingReport['weights'] = none,
  validation_metric: string | null = 'NLL',
) => trainingFigures({ type: 'demo', history: history(losses), validation_metric, weights });

it('draws loss, objectives and validation loss, the same bytes each time', () => {
  const figures = drawn([0.2, 0.4, 0.5]);
  expect([...figures.keys()]).toEqual(['loss.svg', 'objectives.svg', 'validation.svg']);
  for (const svg of figures.values()) expect(XMLValidator.validate(svg)).toBe(true);
  expect(figures.get('objectives.svg')).toContain('ranking');
  expect(figures.get('validation.svg')).toContain('Validation NLL of demo');
  expect([...drawn([0.2, 0.4, 0.5])]).toEqual([...figures]);
});

it('leaves the validation loss out where nobody was held out', () => {
  expect([...drawn([Number.NaN, Number.NaN], none, null).keys()]).toEqual(['loss.svg', 'objectives.svg']);
});

it('draws what the model weighs, by label, where there is something to weigh', () => {
  const of = (mean: number) => ({ mean, sd: null });
  const weights = {
    modalities: ['eeg', 'eye'],
    groups: [
      { name: 'high valence', windows: 3, modalities: [of(0.25), of(0.75)], routing: [of(0.9), of(0.1)] },
    ],
  };
  const figures = drawn([0.2], weights);
  expect([...figures.keys()]).toEqual([
    'loss.svg',
    'objectives.svg',
    'validation.svg',
    'attention.svg',
    'routing.svg',
  ]);
  for (const svg of figures.values()) expect(XMLValidator.validate(svg)).toBe(true);
  for (const text of ['high valence', 'eye', '0.75']) expect(figures.get('attention.svg')).toContain(text);
  expect(figures.get('routing.svg')).toContain('0.90');
});
