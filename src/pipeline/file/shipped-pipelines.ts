import { existsSync, readdirSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { packageRoot } from '../../core/package-root.js';

const folder = join(packageRoot, 'pipelines');
const EXTENSION = '.yaml';

/** Names of the pipelines that come with affectd, without extension, in order. */
export function shippedPipelines(): string[] {
  const files = existsSync(folder) ? readdirSync(folder) : [];
  return files
    .filter((file) => file.endsWith(EXTENSION))
    .map((file) => file.slice(0, -EXTENSION.length))
    .sort();
}

/** File of a shipped pipeline. */
export function shippedPipeline(name: string): string {
  return join(folder, `${name}${EXTENSION}`);
}

/**
 * The file that somebody means by a path, or by the name of a shipped pipeline, with or without `.yaml`. A file of that
 * name where they stand comes first; what is neither stays as it is.
 */
export function findPipeline(asked: string): string {
  if (statSync(resolve(asked), { throwIfNoEntry: false })?.isFile()) return asked;
  const name = asked.endsWith(EXTENSION) ? asked.slice(0, -EXTENSION.length) : asked;
  return shippedPipelines().includes(name) ? shippedPipeline(name) : asked;
}
