import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock, Seconds } from '../core/clock.js';
import { ConfigurationError } from '../core/errors.js';
import type { EventSink } from '../core/event.js';
import { isSameStream, type StreamInfo } from '../core/signal.js';
import type { ThinnedWindow } from '../io/recordings/recording.js';
import type { SessionLogLine } from '../io/recordings/xdf/session-log.js';
import { XdfWriter } from '../io/recordings/xdf/xdf-writer.js';
import type { SessionMessage } from '../io/sources/source.js';

/** What the names of a session's files begin with. */
export function fileStem(session: string): string {
  return session.replace(/[^\w.-]+/g, '_');
}

interface WrittenStream {
  /** Its name for the writer. */
  readonly key: string;
  /** Its number in the file. */
  readonly number: number;
  readonly info: StreamInfo;
}

interface SessionFile {
  readonly path: string;
  readonly writer: XdfWriter;
  /** By id, the streams written so far as they were described last. */
  readonly known: Map<string, WrittenStream>;
  /** Headers written so far. */
  headers: number;
  /** Lines of the session's log that are written before the next samples. */
  lines: SessionLogLine[];
  /** Furthest stamp written so far; -Infinity before any. */
  newest: Seconds;
  /** By node and model, windows that were thinned and have no line yet. */
  readonly thinned: Map<string, ThinnedRun>;
}

interface ThinnedRun {
  readonly node: string;
  readonly model: string;
  seq: number[];
  time: Seconds[];
  /** When their last line was written. */
  writtenAt: Seconds;
}

/** Most often that a node's thinned windows get a line, s. */
const THINNED_EVERY_S = 0.1;

/**
 * Writes what arrives to XDF files in a folder, one a session, chunk by chunk: what was acknowledged is on disk, and a
 * file whose daemon was killed is readable up to there. A disk that fails ends the recording, not the daemon.
 */
export class SessionRecorder {
  readonly #folder: string;
  readonly #clock: Clock;
  readonly #events: EventSink;
  readonly #files = new Map<string, SessionFile>();

  /** @throws ConfigurationError `output-unwritable` when the folder can't be made. */
  constructor(folder: string, options: { readonly clock: Clock; readonly events: EventSink }) {
    try {
      mkdirSync(folder, { recursive: true });
    } catch (error) {
      throw new ConfigurationError(
        'output-unwritable',
        `--record ${folder}: can't be made (${(error as NodeJS.ErrnoException).code}); choose another place`,
      );
    }
    this.#folder = folder;
    this.#clock = options.clock;
    this.#events = options.events;
  }

  take({ session, message }: SessionMessage): void {
    try {
      const file = this.#files.get(session) ?? (message.kind === 'open' ? this.#start(session) : null);
      if (!file) return;
      const now = this.#clock.now();
      switch (message.kind) {
        case 'open':
          openStream(file, message.info);
          note(file, message.info.id, (stream) => ({ k: 'open', t: now, stream }));
          break;
        case 'zero':
          file.lines.push({ k: 'zero', t: now, zero: message.time });
          break;
        case 'bind': {
          const { source } = message;
          note(file, message.stream, (stream) => ({ k: 'bind', t: now, stream, source }));
          break;
        }
        case 'stale': {
          const { isStale } = message;
          note(file, message.stream, (stream) => ({ k: 'stale', t: now, stream, stale: isStale }));
          break;
        }
        case 'chunk': {
          const { chunk } = message;
          const stream = file.known.get(chunk.info.id);
          if (!stream || chunk.times.length === 0) break;
          writeLines(file, chunk.times[0]);
          file.writer.write({ ...chunk, info: { ...chunk.info, id: stream.key } });
          file.newest = Math.max(file.newest, chunk.times[chunk.times.length - 1]);
          writeThinned(file, now, THINNED_EVERY_S);
          break;
        }
        case 'marker': {
          const { marker } = message;
          const stream = file.known.get(marker.stream);
          if (!stream) break;
          writeLines(file, marker.time);
          file.writer.writeMarker({ ...marker, stream: stream.key });
          break;
        }
        case 'close': {
          const cut = message.cut === true ? { cut: true as const } : {};
          note(file, message.id, (stream) => ({ k: 'close', t: now, stream, ...cut }));
          // Nothing may come after it that its line could stand before.
          writeLines(file, file.newest);
          break;
        }
      }
    } catch (error) {
      this.#fail(session, error);
    }
  }

  /** Notes that a node's model is not asked about a window, so that a replay doesn't ask it either. */
  thinned(session: string, { node, model, seq, time }: ThinnedWindow): void {
    const file = this.#files.get(session);
    if (!file) return;
    const key = `${node} ${model}`;
    const run = file.thinned.get(key) ?? {
      node,
      model,
      seq: [],
      time: [],
      writtenAt: Number.NEGATIVE_INFINITY,
    };
    file.thinned.set(key, run);
    run.seq.push(seq);
    run.time.push(time);
    try {
      writeThinned(file, this.#clock.now(), THINNED_EVERY_S);
    } catch (error) {
      this.#fail(session, error);
    }
  }

  /** Notes in every file that another pipeline took over; `from`, `to`: their digests. */
  reloaded(from: string, to: string): void {
    for (const [session, file] of this.#files) {
      if (file.newest === Number.NEGATIVE_INFINITY) continue;
      try {
        file.writer.writeLog(file.newest, { k: 'reload', t: file.newest, from, to });
      } catch (error) {
        this.#fail(session, error);
      }
    }
  }

  /** Writes the footer of a session's file: what comes under its name after this is another session. */
  ended(session: string): void {
    const file = this.#files.get(session);
    if (!file) return;
    try {
      this.#finish(session, file);
    } catch (error) {
      this.#fail(session, error);
    }
  }

  /** Writes the footers of every file. */
  close(): void {
    for (const session of this.#files.keys()) this.ended(session);
  }

  #start(session: string): SessionFile {
    const start_unix_s = this.#clock.unix();
    const stamp = new Date(start_unix_s * 1000).toISOString().slice(0, 19).replaceAll(':', '-');
    const name = `${fileStem(session)}_${stamp}`;
    let path = join(this.#folder, `${name}.xdf`);
    for (let n = 2; existsSync(path); n++) path = join(this.#folder, `${name}_${n}.xdf`);
    const writer = XdfWriter.create(path, { start_unix_s });
    const file: SessionFile = {
      ...{ path, writer, known: new Map(), headers: 0, lines: [], thinned: new Map() },
      newest: Number.NEGATIVE_INFINITY,
    };
    this.#files.set(session, file);
    this.#tell('recording-opened', 'info', session, `records to ${path}`);
    return file;
  }

  #finish(session: string, file: SessionFile): void {
    writeLines(file, file.newest);
    writeThinned(file, this.#clock.now(), 0);
    file.writer.close();
    this.#files.delete(session);
    this.#tell('recording-closed', 'info', session, `${file.path} is complete`);
  }

  #fail(session: string, error: unknown): void {
    const path = this.#files.get(session)?.path ?? this.#folder;
    this.#files.delete(session);
    this.#tell(
      'recording-failed',
      'error',
      session,
      `${path}: can't be written any more: ${(error as Error).message}`,
    );
  }

  #tell(
    code: 'recording-opened' | 'recording-closed' | 'recording-failed',
    level: 'info' | 'error',
    session: string,
    message: string,
  ): void {
    this.#events({ code, level, session, message });
  }
}

/** Writes a stream's header, unless the file has it. */
function openStream(file: SessionFile, info: StreamInfo): void {
  const before = file.known.get(info.id);
  if (before && isSameStream(before.info, info)) return;
  const key = String(file.headers++);
  const number = file.writer.open({ ...info, id: key }, { arrival: true });
  file.known.set(info.id, { key, number, info });
}

function note(file: SessionFile, id: string, lineOf: (stream: number) => SessionLogLine): void {
  const stream = file.known.get(id);
  if (stream) file.lines.push(lineOf(stream.number));
}

function writeLines(file: SessionFile, stamp: Seconds): void {
  // Of a session without samples there is nothing to give again.
  if (stamp === Number.NEGATIVE_INFINITY) file.lines = [];
  for (const line of file.lines.splice(0)) file.writer.writeLog(stamp, line);
}

/** Writes what was thinned, unless its last line is younger than `every_s`. */
function writeThinned(file: SessionFile, now: Seconds, every_s: Seconds): void {
  for (const run of file.thinned.values()) {
    if (run.seq.length === 0 || now - run.writtenAt < every_s) continue;
    const { node, model, seq, time } = run;
    file.writer.writeLog(file.newest, { k: 'thinned', t: now, node, model, seq, time });
    Object.assign(run, { seq: [], time: [], writtenAt: now });
  }
}
