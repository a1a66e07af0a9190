import { availableParallelism, homedir } from 'node:os';
import { join } from 'node:path';
import { type CommandContext, note } from './context.js';

/** Where the examples of data sets are kept for the next time: the user's cache folder, as the system has it. */
function exampleCacheFolder(): string {
  const { XDG_CACHE_HOME, LOCALAPPDATA } = process.env;
  const base = XDG_CACHE_HOME || LOCALAPPDATA || join(homedir(), '.cache');
  return join(base, 'affectd', 'examples');
}

export const noCacheText = 'compute the data set’s features anew, and keep none for the next time';
export const workersText = 'threads (default: one a core)';
export const memoryText =
  'most of the data set that is held in memory, MB; the rest is read from disk, to the same result (default: a quarter of the memory)';

/** What `train` and `evaluate` tell alike of how a data set is to be read. */
export function exampleOptions(
  context: CommandContext,
  { cache, workers, memory }: { cache: boolean; workers?: number; memory?: number },
) {
  return {
    cache: cache ? exampleCacheFolder() : null,
    workers: workers ?? availableParallelism(),
    ...(memory !== undefined && { memory: memory * 1e6 }),
    signal: context.signal,
    clock: context.clock,
    progress: (line: string) => note(context, line),
  };
}
