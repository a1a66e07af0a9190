import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { deserialize, serialize } from 'node:v8';
import { digestOf } from '../../core/digest.js';
import type { Example } from '../examples/example.js';
import type { FitState } from './fit.js';

/** Goes up when what is kept changes. */
const FORMAT = 3;

interface Kept {
  readonly format: number;
  /** Of everything that decides the weights. */
  readonly key: string;
  readonly state: FitState;
}

/** What examples are, short enough to compare: their origins, times and labels, and what their frames add up to. */
export function examplesDigest(examples: readonly Example[]): string {
  return digestOf(
    examples.map(({ person, trial, window, label, frame }) => [
      person,
      trial,
      window,
      label,
      frame.map(({ values, present }) => (present ? values.reduce((sum, v) => sum + v, 0) : null)),
    ]),
  );
}

/** The state of a training that was cut off, in a file that is only ever whole. */
export class Checkpoint {
  constructor(
    private readonly path: string,
    private readonly key: string,
  ) {}

  /** Null where there is none, or one of another configuration, other data or another version of Node. */
  async read(): Promise<FitState | null> {
    const bytes = await readFile(this.path).catch(() => null);
    if (!bytes) return null;
    try {
      const { format, key, state } = deserialize(bytes) as Kept;
      return format === FORMAT && key === this.key ? state : null;
    } catch {
      return null;
    }
  }

  async write(state: FitState): Promise<void> {
    const half = `${this.path}.part`;
    await writeFile(half, serialize({ format: FORMAT, key: this.key, state } satisfies Kept));
    await rename(half, this.path);
  }

  remove(): Promise<void> {
    return rm(this.path, { force: true });
  }
}
