import type { Disk, DiskFile } from '../../src/recorder/disk/disk.js';
import { systemDisk } from '../../src/recorder/disk/system-disk.js';

const never = new Promise<never>(() => {});

/** The machine's disk, as a process sees it that is killed: nothing of what it does after that happens, and nothing answers. */
export class DyingDisk implements Disk {
  isDead = false;
  /** How much of a write that is under way is still done when it dies, 0..1. */
  torn = 1;
  /** What is awaited before data is synced. */
  slow: Promise<void> = Promise.resolve();

  makeFolder(path: string): Promise<void> {
    return this.isDead ? never : systemDisk.makeFolder(path);
  }

  async create(path: string): Promise<DiskFile> {
    if (this.isDead) return never;
    const file = await systemDisk.create(path);
    return {
      write: async (bytes, position) => {
        if (this.isDead) return never;
        await file.write(bytes, position);
      },
      datasync: async () => {
        await this.slow;
        if (this.isDead) return never;
        await file.datasync();
        if (this.isDead) return never;
      },
      close: () => file.close(),
      writeNow: (bytes, position) => file.writeNow(bytes, position),
    };
  }

  sync(path: string): Promise<void> {
    return this.isDead ? never : systemDisk.sync(path);
  }

  syncFolder(path: string): Promise<void> {
    return this.isDead ? never : systemDisk.syncFolder(path);
  }

  remove(path: string): Promise<void> {
    return this.isDead ? never : systemDisk.remove(path);
  }

  rename(from: string, to: string): Promise<void> {
    return this.isDead ? never : systemDisk.rename!(from, to);
  }

  free(path: string): Promise<number> {
    return systemDisk.free(path);
  }
}
