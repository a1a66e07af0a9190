import { ConfigurationError } from '../../../core/errors.js';

/** One round of an evaluation: indices of the windows that each part has, ascending; no window is in two parts. */
export interface Fold {
  readonly name: string;
  readonly train: readonly number[];
  /** For early stopping, taken from the training part by the same unit as the test part. */
  readonly validation: readonly number[];
  readonly test: readonly number[];
}

/** The two sides of a division. */
export interface Division {
  readonly train: readonly number[];
  readonly held: readonly number[];
}

const allParts = ['train', 'validation', 'test'] as const;

/** Throws `ConfigurationError` when one of `parts` has nothing in it. */
export function checkedFold(fold: Fold, parts: readonly (typeof allParts)[number][] = allParts): Fold {
  for (const part of parts)
    if (fold[part].length === 0) {
      const without = part === 'validation' ? ', or `validation: none`' : '';
      throw new ConfigurationError(
        'split-impossible',
        `split: ${fold.name} has nothing for ${part}; take fewer folds, or another split${without}`,
      );
    }
  return fold;
}
