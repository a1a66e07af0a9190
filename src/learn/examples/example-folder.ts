import { createHash } from 'node:crypto';
import { existsSync, rmSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { deserialize, serialize } from 'node:v8';
import { digestOf } from '../../core/digest.js';
import { InputError } from '../../core/errors.js';
import { partOf, writerOf } from './example-file.js';
import { filesIn } from './files-in.js';

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

/** A folder for examples of people, kept for the next time or for as long as they are used. */
export class ExampleFolder {
  private constructor(
    private readonly folder: string,
    private readonly basis: string,
    /** Whether what is in it may be found again. */
    readonly kept: boolean,
  ) {}

  /**
   * A cache: the same data through the same pipeline need not be computed twice. What a run that was killed left
   * unfinished is removed.
   *
   * @param folder made where it is missing
   * @param basis all that decides the examples beside the program and the data set's files
   * @param data where the data set stands, or null
   */
  static async cache(folder: string, basis: unknown, data: string | null): Promise<ExampleFolder> {
    await made(() => mkdir(folder, { recursive: true }), folder);
    for (const file of await readdir(folder)) {
      const writer = writerOf(file);
      if (writer !== null && !isRunning(writer)) await rm(join(folder, file), { force: true });
    }
    const files = data === null ? null : await fingerprint(data);
    return new ExampleFolder(folder, digestOf([await codeDigest(), basis, files]), true);
  }

  /** A folder that {@link remove} removes, and the end of the process. */
  static async temporary(): Promise<ExampleFolder> {
    const place = join(tmpdir(), 'affectd-examples-');
    const folder = await made(() => mkdtemp(place), place);
    const own = new ExampleFolder(folder, '', false);
    process.once('exit', own.#removeNow);
    return own;
  }

  /** The file for what `key` names. */
  path(...key: readonly unknown[]): string {
    return join(this.folder, `${digestOf([this.basis, ...key]).slice('sha256:'.length)}.examples`);
  }

  /** What {@link keep} kept under `key`; null where it did not, or the file is damaged. */
  async find<T>(...key: readonly unknown[]): Promise<T | null> {
    const bytes = await readFile(this.path(...key)).catch(() => null);
    if (!bytes) return null;
    try {
      return deserialize(bytes) as T;
    } catch {
      return null;
    }
  }

  async keep(value: unknown, ...key: readonly unknown[]): Promise<void> {
    if (!this.kept) return;
    const path = this.path(...key);
    // Renamed into place: a kill leaves a whole file or none.
    await writeFile(partOf(path), serialize(value));
    await rename(partOf(path), path);
  }

  /** Removes a temporary folder; a cache stays. */
  async remove(): Promise<void> {
    if (this.kept) return;
    process.off('exit', this.#removeNow);
    await rm(this.folder, { recursive: true, force: true });
  }

  readonly #removeNow = (): void => rmSync(this.folder, { recursive: true, force: true });
}

async function made<T>(make: () => Promise<T>, folder: string): Promise<T> {
  return make().catch((cause: NodeJS.ErrnoException) => {
    throw new InputError(
      'examples-unwritable',
      `${folder}: cannot be made (${cause.code}); name another folder by XDG_CACHE_HOME, or by TMPDIR for what isn't kept`,
      { cause },
    );
  });
}

function isRunning(process_id: number): boolean {
  try {
    // Signal 0 only asks.
    process.kill(process_id, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
