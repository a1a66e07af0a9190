import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { temporaryFolder } from '../../setup/temporary-folder.js';

export const fixtures = join(import.meta.dirname, '..', '..', '..', 'fixtures', 'datasets');
export const recordings = join(import.meta.dirname, '..', '..', '..', '..', 'shared', 'recordings');

/** A copy of a folder of fixtures/datasets that the test may spoil, its `.gz` files unpacked. */
export function fixtureCopy(name: string): string {
  const folder = temporaryFolder();
  cpSync(join(fixtures, name), folder, { recursive: true });
  for (const file of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    if (!file.endsWith('.gz')) continue;
    const packed = join(folder, file);
    writeFileSync(packed.slice(0, -3), gunzipSync(readFileSync(packed)));
    rmSync(packed);
  }
  return folder;
}

/** Leaves the first `share` of a file. */
export function truncate(path: string, share = 0.6): void {
  const bytes = readFileSync(path);
  writeFileSync(path, bytes.subarray(0, Math.floor(bytes.length * share)));
}
