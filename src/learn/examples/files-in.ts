import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** All files under `folder`, in a fixed order. */
export async function filesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  const found: string[] = [];
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = join(folder, entry.name);
    // A link may lead to a folder.
    if (entry.isDirectory() || (entry.isSymbolicLink() && (await stat(path)).isDirectory()))
      found.push(...(await filesIn(path)));
    else found.push(path);
  }
  return found;
}
