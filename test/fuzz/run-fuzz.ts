import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { createInterface } from 'node:readline';
import { build } from 'esbuild';
import type { FuzzJob, FuzzLimits, FuzzReport } from './fuzz-process.js';

/** Seed of all inputs: a parser and a number name one. */
export const FUZZ_SEED = 20_260_801;
export const fuzzLimits: FuzzLimits = { input_s: 1, wall_s: 10, memory_mb: 500 };
/** As `fuzz-process.ts` has it: that module is a program, and can't be loaded for it. */
const DONE = 42;
/** Places at which a parser may fail before it isn't run on. */
const MOST_FAILURES = 20;
const HEAP = ['--max-old-space-size=384', '--max-semi-space-size=8'];

/** A way in which a parser fails. */
export interface Failure {
  /** The first input that fails so. */
  readonly input: number;
  readonly what: string;
  count: number;
}

/** What a parser's inputs gave so far. Plain data. */
export interface FuzzResult {
  readonly parser: string;
  /** The next input's number. */
  next: number;
  parsed: number;
  refused: number;
  slowest_ms: number;
  slowest: number;
  peak_mb: number;
  readonly failures: Failure[];
}

export const nothingYet = (parser: string): FuzzResult => ({
  ...{ parser, next: 0, parsed: 0, refused: 0, slowest_ms: 0, slowest: 0, peak_mb: 0, failures: [] },
});

/** What tells a failure from others: its kind and where it was thrown. */
function kindOf(what: string): string {
  const places = what.split('\n').filter((line) => line.includes('/src/'));
  return [what.split(/[:\d]/, 1)[0], ...places.slice(0, 2)].join('\n');
}

function failed({ failures }: FuzzResult, input: number, what: string): void {
  const known = failures.find((failure) => kindOf(failure.what) === kindOf(what));
  if (known) known.count++;
  else failures.push({ input, what, count: 1 });
}

/** Parsers and what runs them, from these sources, as a program for processes of their own. */
export class FuzzProgram {
  #processes = 0;

  private constructor(
    private readonly program: string,
    private readonly folder: string,
    private readonly limits: FuzzLimits,
  ) {}

  /** @param table The module beside this one that exports the parsers. */
  static async make(table = 'parsers', limits = fuzzLimits): Promise<FuzzProgram> {
    // Two folders below the root, as compiled sources are: the root is found from there.
    const cache = join('node_modules', '.fuzz');
    mkdirSync(cache, { recursive: true });
    const folder = mkdtempSync(join(tmpdir(), 'fuzz-run-'));
    const outfile = join(cache, `${basename(folder)}.mjs`);
    await build({
      stdin: {
        contents: `import { parsers } from './${table}.js'; import { work } from './fuzz-process.js'; await work(parsers);`,
        resolveDir: join('test', 'fuzz'),
      },
      ...{ outfile, bundle: true, packages: 'external', platform: 'node', format: 'esm', target: 'node20' },
      ...{ sourcemap: 'inline', logLevel: 'warning' },
    });
    return new FuzzProgram(outfile, folder, limits);
  }

  close(): void {
    rmSync(this.program, { force: true });
    rmSync(this.folder, { recursive: true, force: true });
  }

  /**
   * Runs each parser's inputs up to `to` from where its result is, in one process, and in a new one behind each input that
   * ended it. Stops when `told` says so.
   */
  async run(
    results: readonly FuzzResult[],
    to: number,
    told: (result: FuzzResult) => boolean = () => true,
  ): Promise<void> {
    let goesOn = true;
    const left = () =>
      results.filter(({ next, failures }) => goesOn && next < to && failures.length < MOST_FAILURES);
    while (left().length > 0)
      await this.#process(left(), to, (result) => {
        goesOn &&= told(result);
        return goesOn && result.failures.length < MOST_FAILURES;
      });
  }

  #process(results: readonly FuzzResult[], to: number, told: (result: FuzzResult) => boolean): Promise<void> {
    const place = join(this.folder, `place-${this.#processes++}`);
    const stretches = results.map(({ parser, next }) => ({ parser, from: next, to }));
    const job: FuzzJob = { stretches, seed: FUZZ_SEED, limits: this.limits, place };
    const child = spawn(
      process.execPath,
      [...HEAP, '--enable-source-maps', this.program, JSON.stringify(job)],
      {
        stdio: ['ignore', 'pipe', 'pipe'],
        env: { ...process.env, NODE_OPTIONS: '', TMPDIR: this.folder },
      },
    );
    const before = new Map(results.map((result) => [result.parser, { ...result }]));
    const hung = new Set<string>();
    let isStopped = false;
    createInterface({ input: child.stdout }).on('line', (line) => {
      const report = JSON.parse(line) as FuzzReport;
      const result = results.find(({ parser }) => parser === report.parser)!;
      if (report.kind === 'failure') {
        failed(result, report.input, report.what);
        if (report.what.startsWith('takes longer')) hung.add(`${report.parser} ${report.input}`);
      } else {
        result.next = report.next;
        result.parsed = before.get(report.parser)!.parsed + report.parsed;
        result.refused = before.get(report.parser)!.refused + report.refused;
        result.peak_mb = Math.max(result.peak_mb, report.peak_mb);
        if (report.slowest_ms > result.slowest_ms) {
          result.slowest = report.slowest;
          result.slowest_ms = report.slowest_ms;
        }
      }
      isStopped ||= !told(result);
      if (isStopped) child.kill('SIGKILL');
    });
    let said = '';
    child.stderr.on('data', (bytes) => {
      said = (said + bytes).slice(-4000);
    });
    return new Promise((resolve, reject) => {
      child.on('error', reject);
      child.on('close', (code, signal) => {
        if (!isStopped && code !== DONE) {
          const [at, input] = new Int32Array(Uint8Array.from(readFileSync(place)).buffer);
          const result = results[at ?? 0];
          if (!hung.has(`${result.parser} ${input}`))
            failed(result, input ?? 0, `ends the process (${code ?? signal}): ${said}`);
          result.next = Math.max(result.next, (input ?? 0) + 1);
        }
        resolve();
      });
    });
  }
}
