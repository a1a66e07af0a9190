import { existsSync, readdirSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { missing } from './dataset-error.js';

/** The folder that `path` names, relative to `directory`. Throws `InputError` where there is none. */
export function copyFolder(directory: string, path: string): string {
  const folder = resolve(directory, path);
  if (!existsSync(folder) || !statSync(folder).isDirectory())
    throw missing(folder, 'give the folder of your copy as `path`');
  return folder;
}

/** The first of `candidates`, folders within `folder` ('' is itself), that holds a file that `fits`. */
export function folderWith(
  folder: string,
  candidates: readonly string[],
  fits: RegExp,
): { readonly folder: string; readonly files: readonly string[] } | null {
  for (const candidate of candidates) {
    const inner = join(folder, candidate);
    if (!existsSync(inner) || !statSync(inner).isDirectory()) continue;
    const files = readdirSync(inner).filter((name) => fits.test(name));
    if (files.length > 0) return { folder: inner, files: files.sort() };
  }
  return null;
}
