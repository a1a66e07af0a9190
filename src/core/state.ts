import { InputError } from './errors.js';

/**
 * What learns, and can go on elsewhere: in another object, another thread, after a restart. Its state is plain data: typed
 * arrays, numbers, strings, booleans, null, and lists, objects and maps of these, which a structured clone and a state file
 * keep to the last bit.
 */
export interface Stateful<State = unknown> {
  /** All that was learnt so far. Nothing that happens afterwards changes it. */
  snapshot(): State;
  /** Goes on where `state` was taken. The object was made anew, for the same parameters and layout; `state` stays as it is. */
  restore(state: State): void;
}

/**
 * The version of a component's state, or `none` where a component keeps nothing from one call to the next. It counts up
 * with whatever the state is made of, parts that several components share included: a state of another version isn't taken.
 */
export type StateVersion = number | 'none';

/** A component's state; null of one that keeps nothing. */
export type StoredState = { readonly version: number; readonly state: unknown } | null;

interface Versioned {
  readonly name: string;
  readonly version: StateVersion;
}

export function storedState({ name, version }: Versioned, component: Partial<Stateful>): StoredState {
  if (version === 'none') return null;
  if (!component.snapshot) throw new TypeError(`${name} has a version of its state, but no snapshot()`);
  return { version, state: component.snapshot() };
}

/** Throws {@link InputError} where `stored` is of another version. */
export function restoreState(
  { name, version }: Versioned,
  component: Partial<Stateful>,
  stored: StoredState | undefined,
): void {
  if (version === 'none' && !stored) return;
  if (!stored || stored.version !== version)
    throw new InputError(
      'state-unreadable',
      `${name}: its state was stored by another version of affectd; begin the session anew`,
    );
  component.restore?.(stored.state);
}
