import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { markdownTable } from '../../src/core/markdown-table.js';
import type { FuzzParser } from './parser.js';
import { FuzzProgram, type FuzzResult, nothingYet } from './run-fuzz.js';

export interface RunParsersOptions {
  /** Names and kinds of the parsers, as {@link FuzzProgram} runs them. */
  readonly parsers: readonly Pick<FuzzParser, 'name' | 'kind'>[];
  /** How many inputs each is given in all. */
  readonly inputs: Readonly<Record<FuzzParser['kind'], number>>;
  /** Processes at a time, and parsers of one kind that share one, one after the other. */
  readonly processes: number;
  readonly share: number;
  /** Where results are kept, and gone on from. Default: nowhere. */
  readonly state?: string;
  readonly told?: (results: readonly FuzzResult[]) => void;
}

/** Runs parsers; gives what came of them, in their order. */
export async function runParsers(options: RunParsersOptions): Promise<FuzzResult[]> {
  const { parsers, inputs, processes, share, state, told } = options;
  const kept: FuzzResult[] = state && existsSync(state) ? JSON.parse(readFileSync(state, 'utf8')) : [];
  const results = parsers.map(({ name }) => kept.find(({ parser }) => parser === name) ?? nothingYet(name));
  const save = (): boolean => {
    told?.(results);
    if (!state) return true;
    writeFileSync(`${state}.new`, JSON.stringify(results));
    renameSync(`${state}.new`, state);
    return true;
  };
  const waiting = (['reader', 'wire'] as const).flatMap((kind) => {
    const own = results.filter((_, i) => parsers[i].kind === kind);
    const shares = Array.from({ length: Math.ceil(own.length / share) }, (_, k) =>
      own.slice(k * share, (k + 1) * share),
    );
    return shares.map((together) => ({ together, to: inputs[kind] }));
  });
  const program = await FuzzProgram.make();
  try {
    const work = async (): Promise<void> => {
      for (let next = waiting.shift(); next; next = waiting.shift())
        await program.run(next.together, next.to, save);
    };
    await Promise.all(Array.from({ length: processes }, work));
  } finally {
    program.close();
  }
  return results;
}

/** What came of parsers, as a table; failures behind it. */
export function resultsTable(results: readonly FuzzResult[]): string {
  const table = markdownTable(
    ['parser', 'inputs', 'parsed', 'refused', 'slowest, ms', 'most memory, MB', 'failures'],
    results.map(({ parser, next, parsed, refused, slowest_ms, peak_mb, failures }) =>
      [...[parser, next, parsed, refused, Math.round(slowest_ms), Math.round(peak_mb), failures.length]].map(
        String,
      ),
    ),
  );
  const failures = results.flatMap(({ parser, failures }) =>
    failures.map(({ input, what, count }) => `${parser} ${input} (${count}): ${what}`),
  );
  return [table, ...failures].join('\n');
}
