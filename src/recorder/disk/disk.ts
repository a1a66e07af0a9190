import type { Clock } from '../../core/clock.js';
import { type NotKeptCode, NotKeptError } from '../../core/not-kept-error.js';

/** A disk as a recorder uses it. Nothing of it blocks the event loop, and what fails rejects with the system's error. */
export interface Disk {
  /** Times what is asked of it. Default: the machine's. */
  readonly clock?: Clock;
  /** Makes a folder that its owner alone may enter, and those above it, unless they are there. */
  makeFolder(path: string): Promise<void>;
  /** Makes a file for its owner alone; rejects with `EEXIST` where there is one. */
  create(path: string): Promise<DiskFile>;
  /** Resolves once what is in a file, by whomever it was written, outlasts a power cut. */
  sync(path: string): Promise<void>;
  /** Resolves once the names in a folder outlast a power cut. */
  syncFolder(path: string): Promise<void>;
  remove(path: string): Promise<void>;
  /** Calls a file `to`, in place of one that is called so. A disk that can't keeps no state of sessions. */
  rename?(from: string, to: string): Promise<void>;
  /** What may still be written where `path` is, bytes. */
  free(path: string): Promise<number>;
}

export interface DiskFile {
  /** Resolves once all of it is written. */
  write(bytes: Uint8Array, position: number): Promise<void>;
  /** Resolves once what is written outlasts a power cut. */
  datasync(): Promise<void>;
  close(): Promise<void>;
  /** Writes in the caller's turn, which may be the last that the process has. */
  writeNow(bytes: Uint8Array, position: number): void;
}

const faults: ReadonlyMap<string, NotKeptCode> = new Map([
  ['ENOSPC', 'disk-full'],
  ['EDQUOT', 'disk-full'],
  ['EFBIG', 'disk-full'],
  ['EROFS', 'disk-read-only'],
  ['EACCES', 'disk-read-only'],
  ['EPERM', 'disk-read-only'],
  ['EMFILE', 'no-descriptors'],
  ['ENFILE', 'no-descriptors'],
]);

const mends: Readonly<Record<NotKeptCode, string>> = {
  'disk-full': 'free some of it',
  'disk-read-only': 'make it writable, or record elsewhere',
  'no-descriptors': 'raise the limit of open files (ulimit -n)',
  'disk-failed': 'look at the disk, or record elsewhere',
};

/** What a disk says that doesn't take what it is given. */
export class DiskError extends NotKeptError {
  override readonly name = 'DiskError';

  constructor(code: NotKeptCode, message: string, isHeld = true) {
    super(code, message, isHeld);
  }

  /** The same, of what nobody holds. */
  lost(): DiskError {
    return new DiskError(this.code, this.message, false);
  }

  /** Of what the system said of `path`. */
  static of(path: string, error: unknown): DiskError {
    if (error instanceof DiskError) return error;
    const { code = '', message } = error as NodeJS.ErrnoException;
    const fault = faults.get(code) ?? 'disk-failed';
    return new DiskError(fault, `${path}: can't be written (${code || message}): ${mends[fault]}`);
  }
}
