import { expect, it } from 'vitest';
import { groupWeights, labelGroup } from '../../../src/learn/fit/group-weights.js';
import type { BoundModel } from '../../../src/model/networks/definition.js';
import { anExample } from './an-example.js';

const of = (valence: number, arousal: number, own: number | null = null) =>
  anExample({ label: { targets: { valence, arousal }, class: own } });

it('groups by the class, or by the sides of the first two dimensions', () => {
  expect(labelGroup(of(0.1, -0.1), ['valence', 'arousal'], [])).toBe('high valence, low arousal');
  // The middle is Low, as everywhere.
  expect(labelGroup(of(0, 1), ['valence'], [])).toBe('low valence');
  expect(labelGroup(of(0, 1, 1), ['valence'], ['calm', 'tense'])).toBe('tense');
  expect(labelGroup(of(0, 1, 1), [], [])).toBeNull();
});

it('gives mean and deviation of each weight by group', () => {
  const model = { heads: ['valence'], classes: [] } as unknown as BoundModel;
  const examples = [of(1, 0), of(-1, 0), of(1, 0)];
  const weights = Float32Array.of(0.25, 0.75, 0.5, 0.5, 0.75, 0.25);
  expect(groupWeights(model, examples, { weights, routing: new Float32Array() })).toEqual([
    {
      name: 'high valence',
      windows: 2,
      modalities: [
        { mean: 0.5, sd: Math.SQRT2 / 4 },
        { mean: 0.5, sd: Math.SQRT2 / 4 },
      ],
      routing: [],
    },
    {
      name: 'low valence',
      windows: 1,
      modalities: [
        { mean: 0.5, sd: null },
        { mean: 0.5, sd: null },
      ],
      routing: [],
    },
  ]);
});
