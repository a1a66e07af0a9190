import type { Disk, DiskFile } from '../../src/recorder/disk/disk.js';
import { systemDisk } from '../../src/recorder/disk/system-disk.js';

const errorOf = (code: string): Error => Object.assign(new Error(`${code}: as the test says`), { code });

/** The machine's disk, which fails and waits as it is told. */
export class FaultyDisk implements Disk {
  /** What files are created, written and synced with; null: nothing is wrong. */
  fault: { readonly on: 'create' | 'write' | 'datasync' | 'folder'; readonly code: string } | null = null;
  /** Bytes that it takes until it is full. */
  room = Number.POSITIVE_INFINITY;
  /** Awaited before each write. */
  slow: () => Promise<void> = () => Promise.resolve();
  /** Descriptors that are open, and how often data was synced. */
  open = 0;
  syncs = 0;
  /** Of the largest write that was asked for, bytes. */
  largest = 0;
  /** What happened to files, in order. */
  readonly done: string[] = [];

  #check(on: NonNullable<FaultyDisk['fault']>['on']): void {
    if (this.fault?.on === on) throw errorOf(this.fault.code);
  }

  makeFolder(path: string): Promise<void> {
    return systemDisk.makeFolder(path);
  }

  async create(path: string): Promise<DiskFile> {
    this.#check('create');
    const file = await systemDisk.create(path);
    this.open++;
    this.done.push('create');
    return {
      write: async (bytes, position) => {
        this.largest = Math.max(this.largest, bytes.length);
        await this.slow();
        if (this.fault?.on === 'write' || bytes.length > this.room) {
          // As much as there is room for is written all the same.
          const part = bytes.subarray(0, Math.min(bytes.length >> 1, this.room));
          await file.write(part, position);
          this.room -= Math.min(part.length, this.room);
          throw errorOf(this.fault?.code ?? 'ENOSPC');
        }
        this.room -= bytes.length;
        await file.write(bytes, position);
        this.done.push('write');
      },
      datasync: async () => {
        this.#check('datasync');
        this.syncs++;
        await file.datasync();
        this.done.push('datasync');
      },
      close: async () => {
        this.open--;
        await file.close();
      },
      writeNow: (bytes, position) => file.writeNow(bytes, position),
    };
  }

  sync(path: string): Promise<void> {
    return systemDisk.sync(path);
  }

  async syncFolder(path: string): Promise<void> {
    this.#check('folder');
    await systemDisk.syncFolder(path);
    this.done.push('folder');
  }

  remove(path: string): Promise<void> {
    return systemDisk.remove(path);
  }

  async free(path: string): Promise<number> {
    return Math.min(this.room, await systemDisk.free(path));
  }
}
