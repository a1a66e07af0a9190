import { digestOf } from '../../../core/digest.js';
import type { Example } from '../../examples/example.js';
import type { Split } from './split.js';
import { unitOf } from './unit.js';

/** Who was trained on, who chose, and who was tested, fold by fold, for a file that evidence links. */
export function linkedFolds(splits: readonly Split[], examples: readonly Example[]) {
  const people = (indices: readonly number[]): string[] => [
    ...new Set(indices.map((i) => unitOf.subject(examples[i]))),
  ];
  return splits.map(({ kind, folds }) => ({
    split: kind,
    folds: folds.map(({ name, train, validation, test }) => ({
      name,
      train: people(train),
      validation: people(validation),
      test: people(test),
      windows: digestOf([train, validation, test]),
    })),
  }));
}
