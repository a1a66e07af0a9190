import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock, Seconds } from '../core/clock.js';
import { ConfigurationError } from '../core/errors.js';
import type { EventSink } from '../core/event.js';
import { isSameStream, type StreamInfo } from '../core/signal.js';
import { XdfWriter } from '../recordings/xdf-writer.js';
import type { SessionMessage } from '../sources/source.js';

interface WrittenStream {
  /** Its name for the writer. */
  readonly key: string;
  readonly info: StreamInfo;
}

interface SessionFile {
  readonly path: string;
  readonly writer: XdfWriter;
  /** By id, the streams written so far as they were described last. */
  readonly known: Map<string, WrittenStream>;
  readonly open: Set<string>;
  /** Headers written so far. */
  headers: number;
  /** Furthest stamp written so far; -Infinity before any. */
  newest: Seconds;
}

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
      switch (message.kind) {
        case 'open':
          openStream(file, message.info);
          file.open.add(message.info.id);
          break;
        case 'chunk': {
          const { chunk } = message;
          const stream = file.known.get(chunk.info.id);
          if (!stream) break;
          file.writer.write({ ...chunk, info: { ...chunk.info, id: stream.key } });
          file.newest = Math.max(file.newest, chunk.times.at(-1) ?? file.newest);
          break;
        }
        case 'marker': {
          const { marker } = message;
          const stream = file.known.get(marker.stream);
          if (stream) file.writer.writeMarker({ ...marker, stream: stream.key });
          break;
        }
        case 'close':
          file.open.delete(message.id);
          if (file.open.size === 0) this.#finish(session, file);
          break;
      }
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

  /** Writes the footers of every file. */
  close(): void {
    for (const [session, file] of this.#files)
      try {
        this.#finish(session, file);
      } catch (error) {
        this.#fail(session, error);
      }
  }

  #start(session: string): SessionFile {
    const start_unix_s = this.#clock.unix();
    const stamp = new Date(start_unix_s * 1000).toISOString().slice(0, 19).replaceAll(':', '-');
    const name = `${session.replace(/[^\w.-]+/g, '_')}_${stamp}`;
    let path = join(this.#folder, `${name}.xdf`);
    for (let n = 2; existsSync(path); n++) path = join(this.#folder, `${name}_${n}.xdf`);
    const writer = XdfWriter.create(path, { start_unix_s });
    const file = {
      path,
      writer,
      known: new Map(),
      open: new Set<string>(),
      headers: 0,
      newest: Number.NEGATIVE_INFINITY,
    };
    this.#files.set(session, file);
    this.#tell('recording-opened', 'info', session, `records to ${path}`);
    return file;
  }

  #finish(session: string, file: SessionFile): void {
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
  file.writer.open({ ...info, id: key }, { arrival: true });
  file.known.set(info.id, { key, info });
}
