import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { deserialize, serialize } from 'node:v8';
import { digestOf } from '../core/digest.js';
import type { Example } from './example.js';

/** Folders whose code decides what an example is. */
const deciding = [
  'core',
  'datasets',
  'dialects',
  'dsp',
  'features',
  'montage',
  'recordings',
  'simulation',
  'timebase',
  'topology',
  'training',
  'transforms',
];

let code: Promise<string> | null = null;

/** Digest of the program's own files, so that what another version computed is never taken for this one's. */
function codeDigest(): Promise<string> {
  code ??= (async () => {
    const root = fileURLToPath(new URL('..', import.meta.url));
    const hash = createHash('sha256');
    for (const folder of deciding)
      for (const file of await filesIn(join(root, folder))) {
        if (!/\.[jt]s$/.test(file)) continue;
        hash.update(file.slice(root.length));
        hash.update(await readFile(file));
      }
    return hash.digest('hex');
  })();
  return code;
}

/** All files under `folder`, in a fixed order. */
async function filesIn(folder: string): Promise<string[]> {
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

/** Names, sizes and times of change of a data set's files. */
async function fingerprint(path: string): Promise<unknown> {
  if (!existsSync(path)) return null;
  const files = (await stat(path)).isDirectory() ? await filesIn(path) : [path];
  return Promise.all(
    files.map(async (file) => {
      const { size, mtimeMs } = await stat(file);
      return [file.slice(path.length), size, mtimeMs];
    }),
  );
}

/** Examples of people, kept on disk: the same data through the same pipeline need not be computed twice. */
export class ExampleCache {
  private constructor(
    private readonly folder: string,
    private readonly basis: string,
  ) {}

  /**
   * @param folder made where it is missing
   * @param basis all that decides the examples beside the program and the data set's files
   * @param data where the data set stands, or null
   */
  static async open(folder: string, basis: unknown, data: string | null): Promise<ExampleCache> {
    await mkdir(folder, { recursive: true });
    const files = data === null ? null : await fingerprint(data);
    return new ExampleCache(folder, digestOf([await codeDigest(), basis, files]));
  }

  /** Null where they are not there, or their file is damaged. */
  async find(person: string): Promise<Example[] | null> {
    const bytes = await readFile(this.#path(person)).catch(() => null);
    if (!bytes) return null;
    try {
      return deserialize(bytes) as Example[];
    } catch {
      return null;
    }
  }

  async keep(person: string, examples: readonly Example[]): Promise<void> {
    const path = this.#path(person);
    const half = `${path}.${process.pid}.part`;
    await writeFile(half, serialize(examples));
    await rename(half, path).catch(() => rm(half, { force: true }));
  }

  #path(person: string): string {
    return join(this.folder, `${digestOf([this.basis, person]).slice('sha256:'.length)}.examples`);
  }
}
