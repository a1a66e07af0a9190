import { describe, expect, it } from 'vitest';
import { objectiveProblems } from '../../../src/learn/fit/trainer.js';
import { lossSettings } from '../../../src/learn/losses/definitions.js';
import { bindModel } from '../../../src/model/networks/definition.js';
import { modelDefinitions } from '../../../src/model/networks/definitions.js';
import { inputSpec } from '../../model/engines/reference-model.js';

const inputs = [inputSpec('eeg', [6]), inputSpec('eye', [4])];
const model = (type: string, settings: Record<string, unknown> = {}, given = inputs) => {
  const definition = modelDefinitions.get(type)!;
  return bindModel(definition, definition.settings.parse({ heads: ['valence'], ...settings }), given);
};
const problems = (of: ReturnType<typeof model>, loss: unknown) =>
  objectiveProblems(of, lossSettings.parse(loss));

describe('a loss that does not fit its model', () => {
  const between = { alignment: 1, cosine: 1, mutual_information: 1, canonical_correlation: 1 };

  it('between modalities is refused by a model with one embedding of the whole window', () => {
    for (const type of ['prnet', 'concatenation'])
      expect(problems(model(type), between)).toEqual(
        ['alignment', 'canonical_correlation', 'cosine', 'mutual_information'].map(
          (name) => `fit.loss.${name}: this kind of model has no embedding of each modality`,
        ),
      );
    expect(problems(model('late-fusion'), between)).toEqual([]);
  });

  it('from one embedding is refused by a model with one for each modality', () => {
    expect(problems(model('late-fusion'), { reconstruction: 1 })).toEqual([
      'fit.loss.reconstruction: this kind of model has no embedding of the whole window',
    ]);
    expect(problems(model('bdae'), { reconstruction: 1 })).toEqual([]);
  });

  it('is told with its place; one that weighs nothing is not looked at', () => {
    expect(problems(model('prnet'), { cross_entropy: 1, cosine: 0, mse: 1 })).toEqual([
      'fit.loss.cross_entropy: the model has no classes',
    ]);
  });
});

it('the embedding of a model without layers is its inputs', () => {
  expect(model('concatenation').embeddingWidth).toBe(10);
  expect(model('concatenation', { hidden: [3] }).embeddingWidth).toBe(3);
});
