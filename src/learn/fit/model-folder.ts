import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { ConfigurationError } from '../../core/errors.js';
import { MANIFEST_FILE } from '../../model/manifest.js';

/**
 * The folder that a model called `name` is written to: `out` where it is given, else `beside`, its configuration's.
 * Throws where another model lives there: nobody wants it replaced.
 */
export async function modelFolder(name: string, beside: string, out: string | null): Promise<string> {
  const folder = out === null ? beside : resolve(out);
  const path = join(folder, MANIFEST_FILE);
  const other = nameIn(await readFile(path, 'utf8').catch(() => ''));
  if (other !== null && other !== name)
    throw new ConfigurationError(
      'training-overwrite',
      `${path}: this is the model ${other}, which ${name} would replace; name another folder with --out`,
    );
  return folder;
}

/** Null where nobody can tell. */
function nameIn(manifest: string): string | null {
  try {
    const { name } = JSON.parse(manifest) as { name?: unknown };
    return typeof name === 'string' ? name : null;
  } catch {
    return null;
  }
}
