import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock, Seconds } from '../core/clock.js';
import { ConfigurationError } from '../core/errors.js';
import type { EventSink } from '../core/event.js';
import { type BegunAnew, isSameStream, type StreamInfo, type StreamMessage } from '../core/signal.js';
import type { ThinnedWindow } from '../io/recordings/recording.js';
import type { SessionLogLine } from '../io/recordings/xdf/session-log.js';
import { type SamplesPlace, XdfWriter } from '../io/recordings/xdf/xdf-writer.js';
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
  /** Lines of the session's log that are written before the next samples, and the messages that they tell. */
  lines: PendingLine[];
  /** Where each message stands in the file. */
  readonly places: WeakMap<StreamMessage, SamplesPlace>;
  /** Furthest stamp written so far; -Infinity before any. */
  newest: Seconds;
  /** By node and model, windows that were thinned and have no line yet. */
  readonly thinned: Map<string, ThinnedRun>;
  /** By stream, how many samples of its next message the session's graph never gets. */
  readonly missed: Map<string, number>;
  /** By number of the stream, samples that were left out and have no line yet. */
  readonly dropped: Map<number, DroppedRuns>;
}

interface PendingLine {
  readonly line: () => SessionLogLine | null;
  readonly message: StreamMessage | null;
}

interface ThinnedRun {
  readonly node: string;
  readonly model: string;
  seq: number[];
  time: Seconds[];
  /** When their last line was written. */
  writtenAt: Seconds;
}

interface DroppedRuns {
  chunk: number[];
  samples: number[];
  /** The chunk that was left out last. */
  last: number;
  /** When their last line was written. */
  writtenAt: Seconds;
}

/** Most often that a node's thinned windows, or a stream's samples that were left out, get a line, s. */
const LINE_EVERY_S = 0.1;

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
          note(file, message, message.info.id, (stream) => ({ k: 'open', t: now, stream }));
          break;
        case 'zero':
          file.lines.push({ line: () => ({ k: 'zero', t: now, zero: message.time }), message });
          break;
        case 'bind': {
          const { source } = message;
          note(file, message, message.stream, (stream) => ({ k: 'bind', t: now, stream, source }));
          break;
        }
        case 'stale': {
          const { isStale } = message;
          note(file, message, message.stream, (stream) => ({ k: 'stale', t: now, stream, stale: isStale }));
          break;
        }
        case 'dropped':
          file.missed.set(message.stream, message.samples);
          break;
        case 'chunk': {
          const { chunk } = message;
          const stream = file.known.get(chunk.info.id);
          if (!stream || chunk.times.length === 0) break;
          writeLines(file, chunk.times[0]);
          const place = file.writer.write({ ...chunk, info: { ...chunk.info, id: stream.key } });
          if (place) notePlace(file, message, place, chunk.info.id);
          file.newest = Math.max(file.newest, chunk.times[chunk.times.length - 1]);
          writeBehind(file, now, LINE_EVERY_S);
          break;
        }
        case 'marker': {
          const { marker } = message;
          const stream = file.known.get(marker.stream);
          if (!stream) break;
          writeLines(file, marker.time);
          const place = file.writer.writeMarker({ ...marker, stream: stream.key });
          notePlace(file, message, place, marker.stream);
          writeBehind(file, now, LINE_EVERY_S);
          break;
        }
        case 'close': {
          const cut = message.cut === true ? { cut: true as const } : {};
          note(file, message, message.id, (stream) => ({ k: 'close', t: now, stream, ...cut }));
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
      writeBehind(file, this.#clock.now(), LINE_EVERY_S);
    } catch (error) {
      this.#fail(session, error);
    }
  }

  /** Notes where a session's graph begins anew: in the message `after`, or behind it; null: at the session's end. */
  begunAnew(session: string, anew: BegunAnew, after: StreamMessage | null): void {
    const file = this.#files.get(session);
    if (!file) return;
    const t = this.#clock.now();
    const { pipeline, given, isDown: down, reason } = anew;
    const line = (): SessionLogLine | null => {
      const place = after === null ? { stream: null, chunk: 0 } : file.places.get(after);
      // A message that the file doesn't hold is given to no graph again.
      return place
        ? { k: 'anew', t, ...place, pipeline, given, down, ...(reason !== null && { reason }) }
        : null;
    };
    file.lines.push({ line, message: null });
    if (file.newest === Number.NEGATIVE_INFINITY) return;
    try {
      writeLines(file, file.newest);
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
      ...{ places: new WeakMap(), missed: new Map(), dropped: new Map() },
      newest: Number.NEGATIVE_INFINITY,
    };
    this.#files.set(session, file);
    this.#tell('recording-opened', 'info', session, `records to ${path}`);
    return file;
  }

  #finish(session: string, file: SessionFile): void {
    writeLines(file, file.newest);
    writeBehind(file, this.#clock.now(), 0);
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

function note(
  file: SessionFile,
  message: StreamMessage,
  id: string,
  lineOf: (stream: number) => SessionLogLine,
): void {
  const stream = file.known.get(id);
  if (stream) file.lines.push({ line: () => lineOf(stream.number), message });
}

function writeLines(file: SessionFile, stamp: Seconds): void {
  // Of a session without samples there is nothing to give again.
  if (stamp === Number.NEGATIVE_INFINITY) file.lines = [];
  for (const { line: lineOf, message } of file.lines.splice(0)) {
    const line = lineOf();
    const place = line && file.writer.writeLog(stamp, line);
    if (message && place) file.places.set(message, place);
  }
}

/** Notes where a message stands, and whether the session's graph never gets it. */
function notePlace(file: SessionFile, message: StreamMessage, place: SamplesPlace, id: string): void {
  file.places.set(message, place);
  const samples = file.missed.get(id);
  if (samples === undefined) return;
  file.missed.delete(id);
  const { stream, chunk } = place;
  const none: DroppedRuns = { chunk: [], samples: [], last: 0, writtenAt: Number.NEGATIVE_INFINITY };
  const runs = file.dropped.get(stream) ?? none;
  file.dropped.set(stream, runs);
  const isSame = runs.chunk.length > 0 && runs.last === chunk - 1;
  if (isSame) runs.samples[runs.samples.length - 1] += samples;
  else {
    runs.chunk.push(chunk);
    runs.samples.push(samples);
  }
  runs.last = chunk;
}

/** Writes what was thinned and what was left out, but nothing of which the last line is younger than `every_s`. */
function writeBehind(file: SessionFile, now: Seconds, every_s: Seconds): void {
  if (file.newest === Number.NEGATIVE_INFINITY) return;
  for (const run of file.thinned.values()) {
    if (run.seq.length === 0 || now - run.writtenAt < every_s) continue;
    const { node, model, seq, time } = run;
    file.writer.writeLog(file.newest, { k: 'thinned', t: now, node, model, seq, time });
    Object.assign(run, { seq: [], time: [], writtenAt: now });
  }
  for (const [stream, runs] of file.dropped) {
    const { chunk, samples, writtenAt } = runs;
    if (chunk.length === 0 || now - writtenAt < every_s) continue;
    file.writer.writeLog(file.newest, { k: 'dropped', t: now, stream, chunk, samples });
    Object.assign(runs, { chunk: [], samples: [], writtenAt: now });
  }
}
