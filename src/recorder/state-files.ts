import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Seconds } from '../core/clock.js';
import type { ChunkPlace } from '../io/recordings/xdf/unfinished-xdf.js';
import type { Disk } from './disk/disk.js';
import type { Lanes } from './disk/lanes.js';
import { oldFiles } from './newest-files.js';

/** How far apart states of one session are, s: replaying so much takes a fraction of a second. */
export const STATE_EVERY_S: Seconds = 10;
/** So many files of what was told, each of it between two states, are kept: more than a minute in all. */
const TOLD_FILES = 8;

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
  told: Array.from({ length: TOLD_FILES }, (_, i) => join(folder, `${name}.told.${i}`)),
});

const contentsOf = (paths: readonly string[]): Uint8Array[] =>
  paths.flatMap((path) => {
    try {
      return [readFileSync(path)];
    } catch {
      return [];
    }
  });

/** States, and what was told, of sessions that were over, or with which nobody went on in time. */
export const leftStates = (folder: string, now_unix_s: Seconds): readonly string[] =>
  oldFiles(folder, now_unix_s, (name) => /\.(state(\.before|\.next)?|told\.\d)$/.test(name));

/** The states of a recording's session that there are, the newest first. */
export function statesOf(folder: string, name: string): Uint8Array[] {
  const { present, before } = namesOf(folder, name);
  return contentsOf([present, before]);
}

/** What the session of a recording told before its states, as far as it is kept; in no order. */
export function toldOf(folder: string, name: string): Uint8Array[] {
  return contentsOf(namesOf(folder, name).told);
}

/** A session where it is. */
export interface KeptState {
  readonly state: Uint8Array;
  /** What it told since the state before, or in the last minute: a replay from this state doesn't tell it again. */
  readonly told: Uint8Array;
}

/**
 * Keeps the last state of a recording's session in a file beside it, and the one before: each is whole on the disk before it takes the
 * place of another. So is what the session told in the minute before. They go with the session's end.
 */
export class StateFiles {
  readonly #options: StateFilesOptions;
  readonly #names: ReturnType<typeof namesOf>;
  #writing: Promise<void> | null = null;
  #isEnded = false;
  /** How often what was told was kept. */
  #told = 0;

  constructor(options: StateFilesOptions) {
    this.#options = options;
    this.#names = namesOf(options.folder, options.name);
  }

  /** Whether one is on its way to the disk, or the disk can't keep any. */
  get isBusy(): boolean {
    return this.#writing !== null || this.#options.disk.rename === undefined;
  }

  /** Writes a state once what it is behind is `safe`; then `written` is called. What goes wrong leaves the last one as it is. */
  write(kept: KeptState, safe: Promise<void>, written: () => void): void {
    const { lanes } = this.#options;
    const writing = safe.then(() => (this.#isEnded ? undefined : lanes.use(() => this.#replace(kept))));
    this.#writing = writing
      .then(written, () => {})
      .then(() => {
        this.#writing = null;
      });
  }

  /** The session is over: nothing goes on from its states. */
  async end(): Promise<void> {
    this.#isEnded = true;
    await this.#writing;
    for (const path of Object.values(this.#names).flat()) await this.#remove(path);
  }

  async #replace({ state, told }: KeptState): Promise<void> {
    const { disk, folder } = this.#options;
    const { present, before, next } = this.#names;
    const names = this.#names.told;
    await this.#write(next, told);
    await disk.rename!(next, names[this.#told % names.length]);
    this.#told++;
    await this.#write(next, state);
    // There may be none yet.
    await disk.rename!(present, before).catch(() => {});
    await disk.rename!(next, present);
    await disk.syncFolder(folder);
  }

  /** Anew, to outlast a power cut. */
  async #write(path: string, bytes: Uint8Array): Promise<void> {
    await this.#remove(path);
    const file = await this.#options.disk.create(path);
    try {
      await file.write(bytes, 0);
      await file.datasync();
    } finally {
      await file.close();
    }
  }

  async #remove(path: string): Promise<void> {
    try {
      await this.#options.disk.remove(path);
    } catch {
      // There is none.
    }
  }
}
