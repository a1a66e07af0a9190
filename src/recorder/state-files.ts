import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Seconds } from '../core/clock.js';
import type { ChunkPlace } from '../io/recordings/xdf/unfinished-xdf.js';
import type { Disk } from './disk/disk.js';
import type { Lanes } from './disk/lanes.js';

/** How far apart states of one session are, s: replaying so much takes a fraction of a second. */
export const STATE_EVERY_S: Seconds = 10;

/** The samples behind which a state is. */
export interface StatePlace extends ChunkPlace {
  /** Names the recording. */
  readonly recording: string;
}

export interface StateFilesOptions {
  readonly disk: Disk;
  readonly lanes: Lanes;
  readonly folder: string;
  /** What the names of the recording's files begin with. */
  readonly name: string;
}

const namesOf = (folder: string, name: string) => ({
  present: join(folder, `${name}.state`),
  before: join(folder, `${name}.state.before`),
  next: join(folder, `${name}.state.next`),
});

/** The states of a recording's session that there are, the newest first. */
export function statesOf(folder: string, name: string): Uint8Array[] {
  const { present, before } = namesOf(folder, name);
  return [present, before].flatMap((path) => {
    try {
      return [readFileSync(path)];
    } catch {
      return [];
    }
  });
}

/**
 * Keeps the last state of a recording's session in a file beside it, and the one before: each is whole on the disk before it takes the
 * place of another. They go with the session's end.
 */
export class StateFiles {
  readonly #options: StateFilesOptions;
  readonly #names: ReturnType<typeof namesOf>;
  #writing: Promise<void> | null = null;
  #isEnded = false;

  constructor(options: StateFilesOptions) {
    this.#options = options;
    this.#names = namesOf(options.folder, options.name);
  }

  /** Whether one is on its way to the disk, or the disk can't keep any. */
  get isBusy(): boolean {
    return this.#writing !== null || this.#options.disk.rename === undefined;
  }

  /** Writes a state once what it is behind is `safe`. What goes wrong leaves the last one as it is. */
  write(bytes: Uint8Array, safe: Promise<void>): void {
    const { lanes } = this.#options;
    const writing = safe.then(() => (this.#isEnded ? undefined : lanes.use(() => this.#replace(bytes))));
    this.#writing = writing
      .catch(() => {})
      .then(() => {
        this.#writing = null;
      });
  }

  /** The session is over: nothing goes on from its states. */
  async end(): Promise<void> {
    this.#isEnded = true;
    await this.#writing;
    for (const path of Object.values(this.#names)) await this.#remove(path);
  }

  async #replace(bytes: Uint8Array): Promise<void> {
    const { disk, folder } = this.#options;
    const { present, before, next } = this.#names;
    await this.#remove(next);
    const file = await disk.create(next);
    try {
      await file.write(bytes, 0);
      await file.datasync();
    } finally {
      await file.close();
    }
    // There may be none yet.
    await disk.rename!(present, before).catch(() => {});
    await disk.rename!(next, present);
    await disk.syncFolder(folder);
  }

  async #remove(path: string): Promise<void> {
    try {
      await this.#options.disk.remove(path);
    } catch {
      // There is none.
    }
  }
}
