import { expect, it } from 'vitest';
import { modalitySets } from '../../../../src/learn/evaluate/rule/modality-sets.js';

it('tries every smaller set of a few modalities, and of many those of one and of all but one', () => {
  expect(modalitySets(['eeg'])).toEqual([]);
  expect(modalitySets(['eeg', 'eye'])).toEqual([['eeg'], ['eye']]);
  expect(modalitySets(['eeg', 'eye', 'eda'])).toEqual([
    ['eeg', 'eye'],
    ['eeg', 'eda'],
    ['eye', 'eda'],
    ['eeg'],
    ['eye'],
    ['eda'],
  ]);
  expect(modalitySets(['a', 'b', 'c', 'd'])).toHaveLength(14);
  const many = modalitySets([...'abcdefgh']);
  expect(many.map(({ length }) => length)).toEqual([...Array(8).fill(7), ...Array(8).fill(1)]);
});
