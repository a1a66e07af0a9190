import { basename, resolve } from 'node:path';

/** File name without folder and extension; a folder's name whole. */
export function stemOf(path: string): string {
  const name = basename(resolve(path));
  const dot = name.lastIndexOf('.');
  return dot > 0 ? name.slice(0, dot) : name;
}
