import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, inject } from 'vitest';
import { removeTemporaryFolders, temporaryFolder } from './temporary-folder.js';

// What the file's tests and the commands they start, child processes too, take for the temporary folder and the user's cache.
const folder = mkdtempSync(join(inject('runFolder'), 'file-'));
process.env.TMPDIR = folder;
process.env.XDG_CACHE_HOME = temporaryFolder();

afterAll(() => {
  removeTemporaryFolders();
  const left = readdirSync(folder);
  rmSync(folder, { recursive: true });
  expect(left, 'left in the temporary folder; a test makes its own with temporaryFolder()').toEqual([]);
});
