import { expect, it } from 'vitest';
import { type InputSpec, inputShape } from '../../../src/model/networks/definition.js';
import { countParameters } from '../../../src/model/networks/parameters.js';
import { prnetImage } from '../../../src/model/networks/prnet-image.js';
import { inputSpec } from '../engines/reference-model.js';
import { describeParity } from '../parity.js';

// tfjs's WebAssembly backend has no gradient of a convolution's filter.
describeParity('prnet-image', undefined, 'cpu');

const face = (height: number, width: number): InputSpec => inputSpec('face', [height, width, 3]);
const settings = prnetImage.settings.parse({ heads: ['valence', 'arousal'], ranking: ['valence'] });

it('is of the paper’s size by default', () => {
  const specs = prnetImage.parameters(settings, [face(96, 96)]);
  const convolutions = [3, 64, 64, 128, 128, 256, 256, 512, 512, 512].map((from, i) => {
    const to = [64, 64, 128, 128, 256, 256, 512, 512, 512, 512][i];
    return 9 * from * to + to;
  });
  const outputs = 256 * 2 + 2 + (2 * 256 * 3 + 3);
  const expected = convolutions.reduce((sum, n) => sum + n) + (3 * 3 * 512 * 256 + 256) + outputs;
  expect(countParameters(specs)).toBe(expected);
  expect(inputShape(face(96, 96))).toEqual([96, 96, 3]);
});

it('says what it does not take', () => {
  expect(prnetImage.problems(settings, [face(96, 96)])).toEqual([]);
  expect(prnetImage.problems(settings, [inputSpec('eeg', [9])])[0]).toContain('takes one image');
  expect(prnetImage.problems(settings, [face(96, 96), face(96, 96)])[0]).toContain('takes one image');
  expect(prnetImage.problems(settings, [face(96, 80)])[0]).toContain('multiples of 32');
});
