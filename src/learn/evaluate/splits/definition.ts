import type { z } from 'zod';
import type { Origin } from '../../examples/example.js';
import type { Division } from './fold.js';

/** A window's place in the data, and where it comes from. */
export interface Placed extends Origin {
  readonly index: number;
}

/** A division of the data that tests one thing: a new trial, person, stimulus ... */
export interface NamedDivision extends Division {
  readonly name: string;
}

/** A way to hold data out. A file of this folder each. */
export interface SplitDefinition<Settings extends z.ZodObject> {
  /** The `kind` in a configuration; equal to the file's name. */
  readonly kind: string;
  readonly summary: string;
  /** Test and training share windows of one trial, and figures are worth nothing for new data. */
  readonly leaky: boolean;
  readonly settings: Settings;
  /** One division a fold. What is on neither side is left out of that fold. */
  divide(windows: readonly Placed[], settings: z.infer<Settings>, uniform: () => number): NamedDivision[];
  /** Holds out about `share` of `windows`, a fold's training part, by the unit that the folds hold out. */
  holdOut(windows: readonly Placed[], share: number, uniform: () => number): Division;
}

const indices = (windows: readonly Placed[]): number[] => windows.map(({ index }) => index);

/** Divides by a condition on where windows come from. */
export function divideBy(windows: readonly Placed[], isHeld: (window: Placed) => boolean): Division {
  return {
    train: indices(windows.filter((window) => !isHeld(window))),
    held: indices(windows.filter(isHeld)),
  };
}
