import { appendFile, mkdir, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { z } from 'zod';
import { InputError } from '../../core/errors.js';
import type { MainComparison } from './main-comparison.js';

/** Beside a report. */
export const COMPARISONS_FILE = 'main-comparison.jsonl';

const entry = z.looseObject({
  digest: z.string(),
  /** Folds that had been computed in the folder when it was written down. */
  after_folds: z.int().min(0),
});

export const writtenDownSchema = z.object({
  digest: z.string(),
  after_folds: z.int().min(0),
  after_others: z.int().min(0),
});

/** When a main comparison was written down, seen from what had been computed. */
export interface WrittenDown {
  /** `sha256:` of all that the comparison is made of. */
  readonly digest: string;
  readonly after_folds: number;
  /** How many others had been written down before it in the same folder. */
  readonly after_others: number;
}

/**
 * The main comparisons of one folder of reports, one line of JSON each, the first first. A comparison is written down once,
 * with how many folds had been computed by then: a number, which is the same whenever and however often the evaluation is
 * stopped and goes on. Lines are only ever added.
 */
export class ComparisonLedger {
  constructor(private readonly path: string) {}

  /**
   * Writes a comparison down where it isn't yet. Throws `InputError` where the file has something else in it.
   *
   * @param foldsSoFar counts the folds that were computed; asked only where the comparison is new
   * @param unix_s wall-clock time, for whoever reads the file; no report has it
   */
  async writeDown(
    digest: string,
    comparison: MainComparison,
    foldsSoFar: () => Promise<number>,
    unix_s: number,
  ): Promise<WrittenDown> {
    const known = await this.#entries();
    const at = known.findIndex((own) => own.digest === digest);
    if (at >= 0) return { digest, after_folds: known[at].after_folds, after_others: at };
    const after_folds = await foldsSoFar();
    await mkdir(dirname(this.path), { recursive: true });
    const written_at = new Date(unix_s * 1000).toISOString();
    await appendFile(this.path, `${JSON.stringify({ digest, after_folds, written_at, comparison })}\n`);
    return { digest, after_folds, after_others: known.length };
  }

  async #entries(): Promise<z.infer<typeof entry>[]> {
    const text = await readFile(this.path, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return '';
      throw error;
    });
    return text
      .split('\n')
      .filter((line) => line.length > 0)
      .map((line, i) => {
        const parsed = entry.safeParse(parsedJson(line));
        if (parsed.success) return parsed.data;
        throw new InputError(
          'evaluation-ledger',
          `${this.path}: line ${i + 1} is no comparison; restore the file, or give another folder with --out`,
        );
      });
  }
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
