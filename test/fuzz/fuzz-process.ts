import { openSync, rmSync, writeSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { Random } from '../../src/core/random.js';
import { folder } from './folder.js';
import { mutated, type Seed } from './mutation.js';
import { type FuzzParser, isRefusal } from './parser.js';

/** Inputs of a parser, by their numbers; `to` is left out. The first are its seeds as they are. */
export interface FuzzStretch {
  readonly parser: string;
  readonly from: number;
  readonly to: number;
}

/** What a parser may take for one input. */
export interface FuzzLimits {
  /** Of computing. */
  readonly input_s: number;
  /** By the clock: a process that waits for nothing is as stuck as one that computes. */
  readonly wall_s: number;
  /** Of the process, in all. */
  readonly memory_mb: number;
}

/** What a process is to do; `run-fuzz.ts` starts it. */
export interface FuzzJob {
  readonly stretches: readonly FuzzStretch[];
  readonly seed: number;
  readonly limits: FuzzLimits;
  /** File that holds the place of the stretch, and the number of the input, that is run. */
  readonly place: string;
}

/** `what`: with the place that threw, or what was exceeded. */
export type FuzzReport =
  | { readonly kind: 'failure'; readonly parser: string; readonly input: number; readonly what: string }
  | {
      readonly kind: 'progress';
      readonly parser: string;
      /** The next input's number. */
      readonly next: number;
      /** Of this stretch. */
      readonly parsed: number;
      readonly refused: number;
      /** Of computing, and the input that took it. */
      readonly slowest_ms: number;
      readonly slowest: number;
      readonly peak_mb: number;
    };

/** A process ends so when it ends by itself: a parser that ends it gives another code. */
const DONE = 42;
const MB = 1024 * 1024;
const TELL_EVERY_MS = 1000;

/**
 * A thread that looks at the process: one that computes for too long over one input is told of, and killed. The time of
 * computing counts: a busy machine makes no failures.
 */
const watch = `
const { workerData: { shared, input_s, wall_s, parsers } } = require('node:worker_threads');
const place = new Int32Array(shared);
let at = -1, cpu = 0, wall = 0;
setInterval(() => {
  const now = Atomics.load(place, 1);
  const used = process.cpuUsage();
  const cpu_s = (used.user + used.system) / 1e6;
  if (now !== at) { at = now; cpu = cpu_s; wall = performance.now(); return; }
  if (at < 0 || (cpu_s - cpu < input_s && performance.now() - wall < 1000 * wall_s)) return;
  const report = { kind: 'failure', parser: parsers[Atomics.load(place, 0)], input: at, what: 'takes longer than ' + input_s + ' s' };
  require('node:fs').writeSync(1, JSON.stringify(report) + '\\n');
  process.kill(process.pid, 'SIGKILL');
}, 20);`;

const { stretches, limits, seed, place: placePath } = JSON.parse(process.argv[2]) as FuzzJob;
const tell = (report: FuzzReport): void => void writeSync(1, `${JSON.stringify(report)}\n`);
/** Which stretch, and which input of it; -1 between inputs. */
const place = new Int32Array(new SharedArrayBuffer(8)).fill(-1);
const placeFile = openSync(placePath, 'w');

const described = (thrown: unknown): string => {
  if (!(thrown instanceof Error)) return `throws ${String(thrown)}`;
  const cause = thrown.cause instanceof Error ? `\ncaused by ${thrown.cause.stack}` : '';
  return `${thrown.stack}${cause}`.split('\n').slice(0, 16).join('\n');
};

let current = { parser: '', input: 0 };
const fails = (what: string): void => tell({ kind: 'failure', ...current, what });
const failed = (thrown: unknown): void => fails(described(thrown));
process.on('uncaughtException', failed);
process.on('unhandledRejection', failed);

/** False: the process is spoilt. */
async function run(parser: FuzzParser, { from, to }: FuzzStretch, at: number): Promise<boolean> {
  const seeds = parser.seeds();
  let [parsed, refused, slowest, slowest_ms] = [0, 0, from, 0];
  const report = (next: number): void => {
    const peak_mb = process.resourceUsage().maxRSS / 1024;
    tell({ kind: 'progress', parser: parser.name, next, parsed, refused, slowest, slowest_ms, peak_mb });
  };
  const numbers = Int32Array.of(at, from);
  place[0] = at;
  let told_ms = performance.now();
  for (let input = from; input < to; input++) {
    current = { parser: parser.name, input };
    numbers[1] = input;
    writeSync(placeFile, numbers, 0, 8, 0);
    const sound: Seed | undefined = seeds[input];
    const { name, bytes } =
      sound ?? mutated(seeds, parser.words, new Random(seed, `${parser.name}/${input}`));
    const before = process.cpuUsage();
    Atomics.store(place, 1, input);
    try {
      const result = parser.run(Buffer.from(bytes), name);
      if (result instanceof Promise) await result;
      parsed++;
      if (sound?.isRefused) fails('takes a seed that is to be refused');
    } catch (error) {
      if (!isRefusal(error)) failed(error);
      else if (sound && !sound.isRefused) fails(`refuses a sound seed: ${(error as Error).message}`);
      else refused++;
    }
    Atomics.store(place, 1, -1);
    const { user, system } = process.cpuUsage(before);
    if ((user + system) / 1000 > slowest_ms) [slowest, slowest_ms] = [input, (user + system) / 1000];
    const held_mb = Math.max(process.resourceUsage().maxRSS / 1024, process.memoryUsage().arrayBuffers / MB);
    if (held_mb > limits.memory_mb) {
      fails(`takes ${Math.round(held_mb)} MB`);
      report(input + 1);
      return false;
    }
    // What was rejected meanwhile is told; between wire inputs seldom, for they are many.
    if (parser.kind === 'reader' || input % 64 === 0) await new Promise(setImmediate);
    if (performance.now() - told_ms < TELL_EVERY_MS) continue;
    told_ms = performance.now();
    report(input + 1);
  }
  await new Promise((resolve) => setTimeout(resolve, 2));
  report(to);
  return true;
}

/** The process: runs its job, tells of it, and ends. */
export async function work(parsers: readonly FuzzParser[]): Promise<never> {
  new Worker(watch, {
    eval: true,
    workerData: {
      ...{ shared: place.buffer, input_s: limits.input_s, wall_s: limits.wall_s },
      parsers: stretches.map(({ parser }) => parser),
    },
  });
  for (const [at, stretch] of stretches.entries()) {
    const parser = parsers.find(({ name }) => name === stretch.parser);
    if (!parser) throw new Error(`no parser is named ${stretch.parser}`);
    if (!(await run(parser, stretch, at))) break;
  }
  rmSync(folder, { recursive: true, force: true });
  process.exit(DONE);
}
