import { basename } from 'node:path';
import type { Seconds } from '../core/clock.js';
import type { StreamInfo } from '../core/signal.js';
import { boundStreams } from '../io/recordings/xdf/xdf.js';
import type { Binding } from '../pipeline/session/binder.js';
import { newestFiles } from './newest-files.js';
import { fileStem } from './session-recorder.js';

/** The stem of a recording's file; null of what is called otherwise. */
const stemOf = (path: string): string | null =>
  /^(.*)_\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d(_part\d+)?(_\d+)?\.xdf$/.exec(basename(path))?.[1] ?? null;

/**
 * Which streams fed the sources of sessions when the daemon that recorded to `folder` ended, by the stem of a session's files: from the
 * newest file of each session, which of a recording is its last part, if it was written to lately.
 */
export function recordedBindings(
  folder: string,
  now_unix_s: Seconds,
): ReadonlyMap<string, readonly Binding[]> {
  const newest = newestFiles(folder, now_unix_s, stemOf);
  const bindings = new Map<string, readonly Binding[]>();
  for (const [stem, { path }] of newest) {
    bindings.set(
      stem,
      [...boundIn(path)].flatMap(([source, streams]) => {
        const stream = streams.at(-1);
        // Live, a stream is called by its name.
        return stream ? [{ source, stream: { ...stream, id: stream.name } }] : [];
      }),
    );
  }
  return bindings;
}

/** None of a file that can't be read: it is no reason not to start. */
function boundIn(path: string): ReadonlyMap<string, readonly StreamInfo[]> {
  try {
    return boundStreams(path);
  } catch {
    return new Map();
  }
}

/** Gives each session's bindings once: those that a session ends with are its own. */
export function onceFor(
  bindings: ReadonlyMap<string, readonly Binding[]>,
): (session: string) => readonly Binding[] {
  const left = new Map(bindings);
  return (session) => {
    const stem = fileStem(session);
    const expected = left.get(stem) ?? [];
    left.delete(stem);
    return expected;
  };
}
