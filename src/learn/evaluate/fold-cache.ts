import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { deserialize, serialize } from 'node:v8';
import { digestOf } from '../../core/digest.js';
import type { EvaluationData, FoldOutcome, FoldTask } from './fold-task.js';

/** Goes up when what is kept, or how a fold is computed, changes. */
const FORMAT = 3;
const ENDING = '.fold';

/** `sha256:` of everything in the data that training or testing looks at. */
export function dataDigest({ examples, inputs, classes, hop_s }: EvaluationData): string {
  const hash = createHash('sha256');
  hash.update(JSON.stringify([[...inputs], classes, hop_s]));
  for (const { frame, ...rest } of examples) {
    hash.update(JSON.stringify(rest));
    for (const { values, mask, present } of frame) {
      hash.update(present ? '1' : '0');
      hash.update(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
      hash.update(mask);
    }
  }
  return `sha256:${hash.digest('hex')}`;
}

/** Where the finished folds of a report are. */
export function foldsFolder(report: string): string {
  return join(report, 'folds');
}

/** How many finished folds are kept in a folder, whatever evaluation they're of. */
export async function keptFolds(directory: string): Promise<number> {
  const files = await readdir(directory).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  return files.filter((file) => file.endsWith(ENDING)).length;
}

/** Finished folds on disk, so that an evaluation that was stopped goes on where it was. */
export class FoldCache {
  /**
   * @param directory made when something is kept
   * @param scope digest of the data, and the version that computes
   */
  constructor(
    private readonly directory: string,
    private readonly scope: { readonly data: string; readonly version: string },
  ) {}

  /** Null where the task is not finished, or what was kept cannot be read. */
  async find(task: FoldTask): Promise<FoldOutcome | null> {
    try {
      return deserialize(await readFile(this.#file(task))) as FoldOutcome;
    } catch {
      return null;
    }
  }

  async keep(task: FoldTask, outcome: FoldOutcome): Promise<void> {
    await mkdir(this.directory, { recursive: true });
    const file = this.#file(task);
    // Renamed into place: a kill leaves a whole file or none.
    await writeFile(`${file}.part`, serialize(outcome));
    await rename(`${file}.part`, file);
  }

  #file({ learner, fold, ...rest }: FoldTask): string {
    const { train, validation, test } = fold;
    const own = { ...learner, name: undefined, of: undefined, exception: undefined };
    const digest = digestOf({ format: FORMAT, ...this.scope, own, train, validation, test, ...rest });
    return join(this.directory, `${digest.slice('sha256:'.length, 39)}${ENDING}`);
  }
}
