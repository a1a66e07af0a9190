import { z } from 'zod';
import { Random } from '../../../core/random.js';
import type { Origin } from '../../examples/example.js';
import type { Placed, SplitDefinition } from './definition.js';
import { splitDefinitions as kinds } from './definitions.js';
import { checkedFold, type Fold } from './fold.js';

/** Every output that comes of a leaky split carries this word. */
export const LEAKY = 'LEAKY';

export const splitSettings = z.discriminatedUnion('kind', [
  kinds.trial.settings,
  kinds.subject.settings,
  kinds.stimulus.settings,
  kinds['subject-and-stimulus'].settings,
  kinds['first-clips'].settings,
  kinds.given.settings,
  kinds.window.settings,
]);
export type SplitSettings = z.infer<typeof splitSettings>;

export interface Split {
  readonly kind: SplitSettings['kind'];
  /** What is new in the test part. */
  readonly summary: string;
  /** {@link LEAKY}, to be printed with every figure that comes of this split, or null. */
  readonly label: typeof LEAKY | null;
  readonly folds: readonly Fold[];
}

/** {@link LEAKY} for a split that shares trials between training and test, else null. */
export function leakLabel({ kind }: SplitSettings): typeof LEAKY | null {
  return kinds[kind].leaky ? LEAKY : null;
}

/**
 * Divides windows into folds. The same windows in the same order, settings and seed give the same folds.
 *
 * @param validation share of the training part that is held out of it for early stopping, by the same unit; 0: nothing
 * @returns indices into `origins`; throws `ConfigurationError` when the data cannot be divided so
 */
export function makeSplit(
  settings: SplitSettings,
  origins: readonly Origin[],
  validation: number,
  seed: number,
): Split {
  const definition = kinds[settings.kind] as unknown as SplitDefinition<z.ZodObject>;
  const { uniform } = new Random(seed);
  const windows: Placed[] = origins.map(({ person, session, trial, stimulus, position, file }, index) => ({
    person,
    session,
    trial,
    stimulus,
    position,
    file,
    index,
  }));
  const folds = definition.divide(windows, settings, uniform).map(({ name, train, held }) => {
    const own = train.map((index) => windows[index]);
    if (validation === 0) return checkedFold({ name, train, validation: [], test: held }, ['train', 'test']);
    const inner = definition.holdOut(own, validation, uniform);
    return checkedFold({ name, train: inner.train, validation: inner.held, test: held });
  });
  return { kind: settings.kind, summary: definition.summary, label: leakLabel(settings), folds };
}
