import { homedir } from 'node:os';
import { join } from 'node:path';

/** Where the examples of data sets are kept for the next time: the user's cache folder, as the system has it. */
export function exampleCacheFolder(): string {
  const { XDG_CACHE_HOME, LOCALAPPDATA } = process.env;
  const base = XDG_CACHE_HOME || LOCALAPPDATA || join(homedir(), '.cache');
  return join(base, 'affectd', 'examples');
}

export const noCacheText = 'compute the data set’s features anew, and keep none for the next time';
