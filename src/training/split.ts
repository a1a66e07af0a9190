import { ConfigurationError } from '../core/errors.js';
import { mulberry32 } from '../models/random.js';

/** `items` in an order drawn from `seed` (Fisher and Yates). */
export function shuffled<T>(items: readonly T[], uniform: () => number): T[] {
  const out = [...items];
  for (let i = out.length - 1; i > 0; i--) {
    const j = Math.floor(uniform() * (i + 1));
    [out[i], out[j]] = [out[j], out[i]];
  }
  return out;
}

export interface PeopleSplit {
  readonly train: readonly string[];
  /** For early stopping. */
  readonly validation: readonly string[];
  /** For the prediction intervals. */
  readonly calibration: readonly string[];
}

/** Splits people, never their windows: a person's windows are no independent examples. */
export function splitPeople(
  people: readonly string[],
  counts: { readonly validation: number; readonly calibration: number },
  seed: number,
): PeopleSplit {
  const { validation, calibration } = counts;
  if (people.length <= validation + calibration)
    throw new ConfigurationError(
      'training-invalid',
      `people: ${people.length} are too few for ${validation} in validation and ${calibration} in calibration`,
    );
  const order = shuffled(people, mulberry32(seed));
  return {
    validation: order.slice(0, validation),
    calibration: order.slice(validation, validation + calibration),
    train: order.slice(validation + calibration),
  };
}
