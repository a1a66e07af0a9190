import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Seconds } from '../core/clock.js';

/** A recording that was written to earlier than this is of another session, s. */
const LATELY_S: Seconds = 600;

/** A file of a recording, and when it was written to last, s since 1970. */
export interface WrittenFile {
  readonly path: string;
  readonly written_s: Seconds;
}

/**
 * The newest file of each session that a daemon recorded to `folder`, if it was written to lately. `sessionOf` tells whose a file is;
 * null: nobody's.
 */
export function newestFiles(
  folder: string,
  now_unix_s: Seconds,
  sessionOf: (path: string) => string | null,
): ReadonlyMap<string, WrittenFile> {
  const newest = new Map<string, WrittenFile>();
  for (const { path, written_s } of filesIn(folder, (name) => /\.xdf$/i.test(name))) {
    if (written_s < now_unix_s - LATELY_S) continue;
    const session = sessionOf(path);
    if (session !== null && written_s >= (newest.get(session)?.written_s ?? 0))
      newest.set(session, { path, written_s });
  }
  return newest;
}

/** Files in `folder` that `isWanted` takes by their names, and that were written to too long ago for a session to go on with them. */
export function oldFiles(
  folder: string,
  now_unix_s: Seconds,
  isWanted: (name: string) => boolean,
): readonly string[] {
  return filesIn(folder, isWanted).flatMap(({ path, written_s }) =>
    written_s < now_unix_s - LATELY_S ? [path] : [],
  );
}

function filesIn(folder: string, isWanted: (name: string) => boolean): WrittenFile[] {
  return namesIn(folder)
    .filter(isWanted)
    .flatMap((name) => {
      const path = join(folder, name);
      // Another daemon that records here may have removed it since.
      const found = statSync(path, { throwIfNoEntry: false });
      return found ? [{ path, written_s: found.mtimeMs / 1000 }] : [];
    });
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    // It is made when something is recorded.
    return [];
  }
}
