import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Seconds } from '../core/clock.js';
import type { StreamInfo } from '../core/signal.js';
import { boundStreams } from '../io/recordings/xdf/xdf.js';
import type { Binding } from '../pipeline/session/binder.js';
import { fileStem } from './session-recorder.js';

/** A recording that was written to later ago is of another session, s. */
const LATELY_S: Seconds = 600;

/**
 * Which streams fed the sources of sessions when the daemon that recorded to `folder` ended, by the stem of a session's files: from the
 * newest file of each session, which of a recording is its last part, if it was written to lately.
 */
export function recordedBindings(
  folder: string,
  now_unix_s: Seconds,
): ReadonlyMap<string, readonly Binding[]> {
  const newest = new Map<string, { readonly path: string; readonly written_s: Seconds }>();
  for (const file of filesIn(folder)) {
    const stem = /^(.*)_\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d(_part\d+)?(_\d+)?\.xdf$/.exec(file)?.[1];
    if (stem === undefined) continue;
    const path = join(folder, file);
    const written_s = statSync(path).mtimeMs / 1000;
    if (written_s < now_unix_s - LATELY_S || written_s < (newest.get(stem)?.written_s ?? 0)) continue;
    newest.set(stem, { path, written_s });
  }
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

function filesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    // It is made when something is recorded.
    return [];
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
