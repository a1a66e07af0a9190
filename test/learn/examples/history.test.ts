import { expect, it } from 'vitest';
import { withHistory } from '../../../src/learn/examples/history.js';
import { inputSpec } from '../../model/engines/reference-model.js';
import { anExample } from '../fit/an-example.js';

const window = (trial: string, values: number[], present = true) =>
  anExample({
    trial,
    frame: [{ values: Float32Array.from(values), mask: Uint8Array.from(values, () => 1), present }],
  });

it('gives each window those before it in its trial, oldest first, and masks what was not', () => {
  const inputs = new Map([['x', inputSpec('x', [2])]]);
  const given = [window('a', [1, 2]), window('a', [3, 4], false), window('a', [5, 6]), window('b', [7, 8])];
  const { inputs: longer, examples } = withHistory(inputs, given, 3);
  const [input] = longer.values();
  if (input.kind !== 'features') throw new Error('not features');
  expect(input.features.map(({ channel, feature }) => `${channel} ${feature}`)).toEqual([
    'c@-2 f0',
    'c@-2 f1',
    'c@-1 f0',
    'c@-1 f1',
    'c@0 f0',
    'c@0 f1',
  ]);
  const shown = examples.map(({ frame: [{ values, mask, present }] }) => [[...values], [...mask], present]);
  expect(shown).toEqual([
    [[0, 0, 0, 0, 1, 2], [0, 0, 0, 0, 1, 1], true],
    [[0, 0, 1, 2, 0, 0], [0, 0, 1, 1, 0, 0], false],
    [[1, 2, 0, 0, 5, 6], [1, 1, 0, 0, 1, 1], true],
    [[0, 0, 0, 0, 7, 8], [0, 0, 0, 0, 1, 1], true],
  ]);
});
