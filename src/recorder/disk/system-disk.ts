import { fsyncSync, writeSync } from 'node:fs';
import { type FileHandle, mkdir, open, rename, statfs, unlink } from 'node:fs/promises';
import type { Disk, DiskFile } from './disk.js';

/** The machine's own. Its calls wait on threads of libuv's pool. */
export const systemDisk: Disk = {
  makeFolder: async (path) => {
    await mkdir(path, { recursive: true, mode: 0o700 });
  },
  create: async (path) => new SystemFile(await open(path, 'wx', 0o600)),
  sync: async (path) => {
    const file = await open(path, 'r+');
    try {
      await file.datasync();
    } finally {
      await file.close();
    }
  },
  syncFolder: async (path) => {
    // Windows can't open a folder, and keeps names without.
    if (process.platform === 'win32') return;
    const folder = await open(path, 'r');
    try {
      await folder.sync();
    } finally {
      await folder.close();
    }
  },
  remove: (path) => unlink(path),
  rename: (from, to) => rename(from, to),
  free: async (path) => {
    const { bavail, bsize } = await statfs(path);
    return bavail * bsize;
  },
};

class SystemFile implements DiskFile {
  constructor(readonly handle: FileHandle) {}

  async write(bytes: Uint8Array, position: number): Promise<void> {
    for (let done = 0; done < bytes.length; ) {
      const { bytesWritten } = await this.handle.write(bytes, done, bytes.length - done, position + done);
      done += bytesWritten;
    }
  }

  datasync(): Promise<void> {
    return this.handle.datasync();
  }

  close(): Promise<void> {
    return this.handle.close();
  }

  writeNow(bytes: Uint8Array, position: number): void {
    for (let done = 0; done < bytes.length; )
      done += writeSync(this.handle.fd, bytes, done, bytes.length - done, position + done);
    fsyncSync(this.handle.fd);
  }
}
