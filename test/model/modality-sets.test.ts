import { expect, it } from 'vitest';
import { everySet, setName } from '../../src/model/modality-sets.js';

it('names each set of modalities once, in the order of the model', () => {
  const inputs = ['eye', 'eeg', 'eda'].map((name) => ({ name }));
  const names = everySet(3).map((set) => setName(inputs, set));
  expect(names).toEqual(['eye', 'eeg', 'eye+eeg', 'eda', 'eye+eda', 'eeg+eda', 'eye+eeg+eda']);
  expect(setName(inputs, [false, false, false])).toBe('');
});
