import { InputError } from '../../core/errors.js';
import { Random } from '../../core/random.js';
import { shuffled } from '../../core/shuffled.js';
import { byPerson, type Example } from './example.js';

/** Examples apart by what they are for; everybody is in one group alone. */
export interface PeopleGroups {
  readonly train: readonly Example[];
  readonly validation: readonly Example[];
  readonly calibration: readonly Example[];
}

/** Draws groups of people; a share above 0 is at least one person. */
export function groupPeople(
  examples: readonly Example[],
  shares: { readonly validation: number; readonly calibration: number },
  seed: number,
): PeopleGroups {
  const people = byPerson(examples);
  const order = shuffled([...people.keys()], new Random(seed).uniform);
  const count = (share: number): number => (share === 0 ? 0 : Math.max(1, Math.round(share * order.length)));
  const [validation, calibration] = [count(shares.validation), count(shares.calibration)];
  if (validation + calibration >= order.length)
    throw new InputError(
      'training-empty',
      `data.shares: of ${order.length} people ${validation} are for validation and ${calibration} for calibration, which leaves nobody to train on`,
    );
  const of = (names: readonly string[]): Example[] => names.flatMap((name) => people.get(name)!);
  return {
    validation: of(order.slice(0, validation)),
    calibration: of(order.slice(validation, validation + calibration)),
    train: of(order.slice(validation + calibration)),
  };
}
