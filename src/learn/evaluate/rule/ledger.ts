import { appendFile, readFile } from 'node:fs/promises';
import { z } from 'zod';
import { canonicalJson, digestOf } from '../../../core/digest.js';
import { InputError } from '../../../core/errors.js';

/** Beside the folder of a report. */
export const LEDGER_FILE = 'ledger.jsonl';

export const ledgerLineSchema = z.strictObject({
  data: z.string().describe('The data set’s name, for readers.'),
  people: z.array(z.string()).describe('Digest of each person.'),
  recipe: z.string().describe('Digest of the recipe: models of the same are one.'),
  model: z.string().describe('Its name in the report, for readers.'),
  output: z.string(),
  modalities: z.array(z.string()).nullable().describe('A part of its modalities; null: all of them.'),
  p: z.number().nullable(),
});
/** One model that was scored, or a part of its modalities: JSON, a line. */
export type LedgerLine = z.infer<typeof ledgerLineSchema>;

/** Lines of the same key are one test. */
export function ledgerKey({ recipe, output, modalities }: LedgerLine): string {
  return canonicalJson([recipe, output, modalities]);
}

/** A person of a data set, by name; whoever is renamed is somebody new. */
export function personDigest(dataset: string, person: string): string {
  return digestOf([dataset, person]).slice('sha256:'.length).slice(0, 16);
}

/**
 * What was ever scored beside a report: who tries many models on the same people finds one that looks good by chance, and
 * has to be counted. Lines are only ever added.
 */
export class Ledger {
  /** @param path null: nothing is added to it */
  constructor(
    private readonly path: string | null,
    private readonly lines: readonly LedgerLine[],
  ) {}

  /** Empty where there is none. Throws `InputError` where a line can't be read. */
  static async open(path: string): Promise<Ledger> {
    const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return '';
      throw new InputError('ledger-unreadable', `${path}: cannot be read (${error.code})`);
    });
    const lines = text.split('\n').flatMap((line, i): LedgerLine[] => {
      if (line === '') return [];
      const parsed = ledgerLineSchema.safeParse(jsonOf(line));
      if (parsed.success) return [parsed.data];
      throw new InputError(
        'ledger-unreadable',
        `${path}:${i + 1}: not a line of a ledger; restore it: every model that was scored counts`,
      );
    });
    return new Ledger(path, lines);
  }

  /** The last line of each test on data that have one of `people`. */
  on(people: readonly string[]): LedgerLine[] {
    const concerned = new Set(people);
    const tests = new Map(
      this.lines
        .filter((line) => line.people.some((person) => concerned.has(person)))
        .map((line) => [ledgerKey(line), line]),
    );
    return [...tests.values()];
  }

  /** Adds what does not stand there yet. */
  async add(lines: readonly LedgerLine[]): Promise<void> {
    if (this.path === null) return;
    const known = new Set(this.lines.map(canonicalJson));
    const added = lines.map(canonicalJson).filter((line) => !known.has(line));
    if (added.length > 0) await appendFile(this.path, added.map((line) => `${line}\n`).join(''));
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
