import type { Example } from '../../examples/example.js';
import type { Fold } from '../splits/fold.js';
import { makeSplit } from '../splits/split.js';
import { unitOf } from '../splits/unit.js';

/**
 * Folds within a fold's training part, by people: each of its windows gets predicted by a model that has seen neither
 * that person nor the fold's test part. Empty where it has fewer than three people.
 *
 * @param count how many, or as many as there are people
 * @param validation share for early stopping, likewise by people; 0: nothing
 */
export function innerFolds(
  { name, train, validation: held }: Fold,
  examples: readonly Example[],
  count: number,
  validation: number,
  seed: number,
): readonly Fold[] {
  const own = [...train, ...held].sort((a, b) => a - b);
  const people = new Set(own.map((i) => unitOf.subject(examples[i]))).size;
  if (people < 3 || count === 0) return [];
  const { folds } = makeSplit(
    { kind: 'subject', folds: Math.min(count, people) },
    own.map((i) => examples[i]),
    validation,
    seed,
  );
  const placed = (indices: readonly number[]): number[] => indices.map((i) => own[i]);
  return folds.map((inner) => ({
    name: `${name}, inner ${inner.name}`,
    train: placed(inner.train),
    validation: placed(inner.validation),
    test: placed(inner.test),
  }));
}
