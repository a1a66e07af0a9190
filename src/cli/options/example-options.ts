import { availableParallelism, homedir } from 'node:os';
import { join } from 'node:path';
import type { Command } from 'commander';
import { positiveInteger, positiveNumber } from '../command.js';
import { type CommandContext, note } from '../context.js';

/** Options of every command that reads a data set's examples. */
export interface ExampleOptions {
  readonly cache: boolean;
  readonly workers?: number;
  readonly memory?: number;
}

export function addExampleOptions(command: Command): Command {
  return command
    .option('--workers <n>', 'threads (default: one a core)', positiveInteger)
    .option('--no-cache', 'compute the data set’s features anew, and keep none for the next time')
    .option(
      '--memory <mb>',
      'most of the data set that is held in memory, MB; the rest is read from disk, to the same result (default: a quarter of the memory)',
      positiveNumber,
    );
}

/** Where the examples of data sets are kept for the next time: the user's cache folder, as the system has it. */
function exampleCacheFolder(): string {
  const { XDG_CACHE_HOME, LOCALAPPDATA } = process.env;
  const base = XDG_CACHE_HOME || LOCALAPPDATA || join(homedir(), '.cache');
  return join(base, 'affectd', 'examples');
}

/** What `train` and `evaluate` tell alike of how a data set is to be read. */
export function exampleOptions(context: CommandContext, { cache, workers, memory }: ExampleOptions) {
  return {
    cache: cache ? exampleCacheFolder() : null,
    workers: workers ?? availableParallelism(),
    ...(memory !== undefined && { memory: memory * 1e6 }),
    signal: context.signal,
    clock: context.clock,
    progress: (line: string) => note(context, line),
  };
}
