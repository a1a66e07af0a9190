import { dirname } from 'node:path';
import { requireAtBorder } from '../../core/border.js';
import { type Clock, type Seconds, SystemClock } from '../../core/clock.js';
import { owned } from '../../core/owned.js';
import type { XdfOutput } from '../../io/recordings/xdf/file-output.js';
import { type Disk, DiskError, type DiskFile } from './disk.js';
import type { Lanes } from './lanes.js';

/**
 * When what is written goes to the disk for good: `always`, as soon as it has taken what came before; `group`, what came within
 * {@link GROUP_S}; `none`, when the system likes, so that a power cut may take what was acknowledged.
 */
export const syncModes = ['always', 'group', 'none'] as const;
export type SyncMode = (typeof syncModes)[number];

/** How far apart syncs of one file are, s: half of what an acknowledgement may wait. */
export const GROUP_S: Seconds = 0.05;
/** What may wait for a disk that is too slow, bytes: more is a disk that fails. */
const MOST_WAITING_BYTES = 16 << 20;
/** Names that are tried where files are in the way. */
const MOST_NAMES = 10_000;

export interface SyncedFileOptions {
  readonly disk: Disk;
  /** Where a file that waits for the disk waits, so that a slow one doesn't take every thread. */
  readonly lanes: Lanes;
  readonly mode: SyncMode;
  /** Times the groups. Default: the disk's. */
  readonly clock?: Clock;
  /** Called right before what waits is written: what it writes goes with that. */
  readonly writing?: () => void;
  /** Told up to where the file is safe, bytes, whenever more of it is. */
  readonly safe?: (to: number) => void;
  /** Told once, if the file takes no more. */
  readonly failed?: (error: DiskError) => void;
}

/**
 * A file that is written and synced behind its writer's back, in order; `safe` tells how far that has come. One whose write or sync
 * failed takes no more: what a failed sync left behind nobody knows.
 */
export class SyncedFile implements XdfOutput {
  readonly #options: SyncedFileOptions;
  readonly #clock: Clock;
  #path: string;
  #file: DiskFile | null = null;
  #failed: DiskError | null = null;
  /** Taken so far, and safe so far, bytes from the file's beginning. */
  #taken = 0;
  #safe = 0;
  /** Up to where bytes had waited for a file before they came: that they wait is no slowness of its disk. */
  #waited = Number.POSITIVE_INFINITY;
  /** What isn't safe yet: from `#safe` on. */
  #pending: Uint8Array[] = [];
  #isRunning = false;
  #isClosing = false;
  #synced_s: Seconds = Number.NEGATIVE_INFINITY;
  readonly #closed: Promise<void>;
  #settleClosed: () => void = () => {};

  /** `nameOf` gives the n-th name to try, from 1. */
  constructor(
    options: SyncedFileOptions,
    readonly nameOf: (n: number) => string,
  ) {
    this.#options = options;
    this.#clock = options.clock ?? options.disk.clock ?? new SystemClock();
    this.#path = nameOf(1);
    this.#closed = new Promise((resolve) => {
      this.#settleClosed = resolve;
    });
  }

  /** The name that it has, once something of it is safe. */
  get path(): string {
    return this.#path;
  }

  /** Bytes so far. */
  get size(): number {
    return this.#taken;
  }

  get failure(): DiskError | null {
    return this.#failed;
  }

  write(bytes: Uint8Array): void {
    if (this.#failed || this.#isClosing) return;
    this.#pending.push(bytes);
    this.#taken += bytes.length;
    if (this.#taken - Math.max(this.#safe, this.#waited) > MOST_WAITING_BYTES)
      this.#fail(
        new DiskError('disk-failed', `${this.#path}: the disk is too slow for what is to be written`),
      );
    else this.#run();
  }

  /** What was written so far had waited for a file; from here on what comes must not wait for long. */
  begun(): void {
    this.#waited = this.#taken;
  }

  /** Nothing is written after this; what was goes to the disk. */
  close(): void {
    this.#isClosing = true;
    this.#run();
  }

  /** Resolves once it is closed, whether it was whole or failed. */
  get closed(): Promise<void> {
    return this.#closed;
  }

  discard(): void {
    this.#fail(new DiskError('disk-failed', `${this.#path}: not wanted`));
  }

  /** Writes what waits in this very turn. */
  rescue(): void {
    if (!this.#file || this.#failed || this.#pending.length === 0) return;
    this.#file.writeNow(Buffer.concat(this.#pending), this.#safe);
  }

  #run(): void {
    if (this.#isRunning) return;
    this.#isRunning = true;
    owned(this.#work(), (error) => this.#fail(DiskError.of(this.#path, error)));
  }

  /** Until all is safe that is wanted so. */
  async #work(): Promise<void> {
    const { lanes } = this.#options;
    // What the same turn still writes goes with it.
    await Promise.resolve();
    while (!this.#failed && this.#pending.length > 0) {
      await this.#rest();
      await lanes.use(() => this.#writeGroup());
    }
    this.#isRunning = false;
    if (this.#isClosing && !this.#failed) await this.#end();
  }

  async #writeGroup(): Promise<void> {
    const file = this.#file ?? (await this.#create());
    if (this.#failed) return this.#leave(file);
    this.#file = file;
    const { mode, writing } = this.#options;
    writing?.();
    if (this.#failed) return;
    const group = this.#pending.slice();
    const bytes = group.length === 1 ? group[0] : Buffer.concat(group);
    this.#synced_s = this.#clock.now();
    await file.write(bytes, this.#safe);
    if (this.#failed) return;
    if (mode !== 'none') await file.datasync();
    if (this.#failed) return;
    this.#pending.splice(0, group.length);
    this.#safe += bytes.length;
    requireAtBorder(
      this.#safe <= this.#taken,
      () => `${this.#path}: ${this.#safe} bytes were written of ${this.#taken}`,
    );
    this.#options.safe?.(this.#safe);
  }

  /** Groups are so far apart, unless nothing is to wait, or it is the last. */
  #rest(): Promise<void> | undefined {
    const left_s = this.#synced_s + GROUP_S - this.#clock.now();
    if (this.#options.mode === 'always' || this.#isClosing || left_s <= 0) return undefined;
    return new Promise((resolve) => this.#clock.after(left_s, resolve));
  }

  async #create(): Promise<DiskFile> {
    const { disk } = this.#options;
    await disk.makeFolder(dirname(this.nameOf(1)));
    for (let n = 1; n <= MOST_NAMES; n++) {
      this.#path = this.nameOf(n);
      try {
        return await this.#created(await disk.create(this.#path));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      }
    }
    throw new DiskError('disk-failed', `${this.#path}: every name of its kind is taken`);
  }

  async #created(file: DiskFile): Promise<DiskFile> {
    try {
      await this.#options.disk.syncFolder(dirname(this.#path));
      return file;
    } catch (error) {
      await this.#leave(file);
      throw error;
    }
  }

  async #end(): Promise<void> {
    const file = this.#file;
    this.#file = null;
    await file?.close();
    this.#settleClosed();
  }

  /** Closes a file that failed, and removes it if nothing of it is safe. */
  async #leave(file: DiskFile | null): Promise<void> {
    try {
      await file?.close();
    } finally {
      if (file && this.#safe === 0) await this.#options.disk.remove(this.#path);
    }
  }

  #fail(error: DiskError): void {
    if (this.#failed) return;
    this.#failed = error;
    this.#pending = [];
    this.#options.failed?.(error);
    const file = this.#file;
    this.#file = null;
    // Its descriptor goes, whatever the disk says of that.
    this.#leave(file).then(this.#settleClosed, this.#settleClosed);
  }
}
