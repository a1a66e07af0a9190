import { closeSync, openSync, readSync } from 'node:fs';

/** Bytes from a file's start that tell what it is. */
export const HEAD_BYTES = 4096;

/** The first bytes of a file. */
export function headOf(path: string): Uint8Array {
  const fd = openSync(path, 'r');
  try {
    const head = new Uint8Array(HEAD_BYTES);
    return head.subarray(0, readSync(fd, head));
  } finally {
    closeSync(fd);
  }
}
