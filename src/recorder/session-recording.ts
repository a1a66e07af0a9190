import { join } from 'node:path';
import type { Clock, Seconds, Timer } from '../core/clock.js';
import { owned } from '../core/owned.js';
import { type BegunAnew, type StreamMessage, streamOf } from '../core/signal.js';
import type { ThinnedWindow } from '../io/recordings/recording.js';
import type { PartEnd } from '../io/recordings/xdf/session-log.js';
import { xmlText } from '../io/recordings/xdf/xdf-writer.js';
import type { Budget } from './disk/budget.js';
import type { DiskError } from './disk/disk.js';
import { SyncedFile, type SyncedFileOptions } from './disk/synced-file.js';
import {
  applyEntry,
  bytesOf,
  ENTRY_BYTES,
  isInFrame,
  type RecordedEntry,
  sampledStream,
} from './recorded-entry.js';
import { RecordedState } from './recorded-state.js';
import { RecordingPart } from './recording-part.js';
import { STATE_EVERY_S, StateFiles, type StatePlace } from './state-files.js';
import type { UnfinishedRecording } from './unfinished-recordings.js';

/** When a recording goes on in another file. */
export interface PartLimits {
  readonly bytes: number;
  /** By the clock; Infinity: never. */
  readonly span_s: Seconds;
}

/** What becomes of a recording. `continued`: in another part; `lost`: samples aren't kept, as too much waits for the disk. */
export type RecordingNews =
  | { readonly kind: 'opened' | 'continued' | 'closed'; readonly path: string; readonly part: number }
  | { readonly kind: 'failed'; readonly error: DiskError }
  | { readonly kind: 'lost'; readonly stream: string };

export interface SessionRecordingOptions extends Pick<SyncedFileOptions, 'disk' | 'lanes' | 'mode'> {
  readonly folder: string;
  /** What the names of its files begin with. */
  readonly stem: string;
  readonly session: string;
  /** Names the recording in each of its parts. */
  readonly id: string;
  /** Names the run in which what is predicted is told; null: nobody is told. */
  readonly run: string | null;
  readonly clock: Pick<Clock, 'now' | 'unix' | 'after'>;
  readonly limits: PartLimits;
  /** Bytes that may be held while the disk takes nothing, which recordings share. */
  readonly budget: Budget;
  readonly tell: (news: RecordingNews) => void;
  /** A recording that another daemon began, which goes on in its next part. Default: it begins. */
  readonly from?: Pick<UnfinishedRecording, 'name' | 'part' | 'state' | 'numbers' | 'xdf'> | undefined;
}

/** An entry that isn't safe yet, and the part that it is written to and ends in, if it is in one. */
interface Unsafe {
  readonly entry: RecordedEntry;
  place: { readonly part: RecordingPart; readonly end: number } | null;
}

/** Somebody waits until so many entries are safe. */
interface Waiting {
  readonly entries: number;
  readonly resolve: () => void;
  readonly reject: (error: DiskError) => void;
}

/** How soon after a failure the disk is tried again, and how rarely at last, s. */
const FIRST_RETRY_S: Seconds = 1;
const RETRIES_WITHIN_S: Seconds = 10;

/**
 * What one session is told, in XDF files: chunk by chunk in order of arrival, and the session's log. It goes on in another file, a
 * part, when one is large or old enough, and when the disk takes something again after it didn't; each part says again what is open,
 * bound and silent. What came meanwhile is held, as far as there is room, and is the first that the next part is given.
 */
export class SessionRecording {
  readonly #options: SessionRecordingOptions;
  /** Numbers of the streams in every part. */
  readonly #numbers: Map<string, number>;
  readonly #name: string;
  /** As of all that is safe, and as of all that is written. */
  readonly #safe: RecordedState;
  #written: RecordedState;
  readonly #unsafe: Unsafe[] = [];
  /** By stream, how many samples of its next message the session's graph never gets. */
  readonly #dropped = new Map<string, number>();
  #taken = 0;
  #waiting: Waiting[] = [];
  #part: RecordingPart | null = null;
  #parts = 0;
  #failure: DiskError | null = null;
  #retry: Timer | null = null;
  #retry_s: Seconds = FIRST_RETRY_S;
  /** Streams whose last samples were lost, and why. */
  readonly #losing = new Map<string, DiskError>();
  /** What the next part goes on from; null: it is the first. */
  #after: PartEnd | null = null;
  readonly #states: StateFiles;
  /** When the next state is due, by the clock. */
  #stateDue_s: Seconds;
  /** The part before the next one, until it is closed. */
  #closing: Promise<void> = Promise.resolve();

  constructor(options: SessionRecordingOptions) {
    this.#options = options;
    const { clock, stem, from } = options;
    const stamp = new Date(clock.unix() * 1000).toISOString().slice(0, 19).replaceAll(':', '-');
    this.#name = from?.name ?? `${stem}_${stamp}`;
    this.#numbers = new Map(from?.numbers);
    this.#safe = new RecordedState(from?.state);
    this.#written = new RecordedState(from?.state);
    this.#parts = from?.part ?? 0;
    this.#after = from?.xdf.end ?? null;
    const { disk, lanes, folder } = options;
    this.#states = new StateFiles({ disk, lanes, folder, name: this.#name });
    this.#stateDue_s = clock.now() + STATE_EVERY_S;
    this.#begin();
  }

  /** Why nothing is kept at present; null where it is. */
  get failure(): DiskError | null {
    return this.#failure;
  }

  take(message: StreamMessage): void {
    if (message.kind === 'dropped') {
      this.#dropped.set(message.stream, message.samples);
      return;
    }
    const sampled = message.kind === 'chunk' || message.kind === 'marker' ? streamOf(message) : null;
    const dropped = (sampled !== null && this.#dropped.get(sampled)) || 0;
    if (sampled !== null) this.#dropped.delete(sampled);
    this.#take({ kind: 'message', t: this.#options.clock.now(), message, dropped });
  }

  /** Notes where the session's graph begins anew: in the message `after`, or behind it; null: at the session's end. */
  begunAnew(anew: BegunAnew, after: StreamMessage | null): void {
    this.#take({ kind: 'anew', t: this.#options.clock.now(), anew, after });
  }

  /** Notes that a node's model is not asked about a window, so that a replay doesn't ask it either. */
  thinned(window: ThinnedWindow): void {
    this.#take({ kind: 'thinned', t: this.#options.clock.now(), window });
  }

  /** Notes that another pipeline took over; both by their digests. */
  reloaded(from: string, to: string): void {
    this.#take({ kind: 'reload', t: this.#options.clock.now(), from, to });
  }

  /**
   * Resolves once all that was taken so far is safe; rejects with a DiskError where the disk doesn't take it. Its `isHeld` says
   * whether it is tried again, or the last samples of one of the `streams` are lost.
   */
  safe(streams: readonly string[]): Promise<void> {
    for (const stream of streams) {
      const lost = this.#losing.get(stream);
      if (lost) return Promise.reject(lost);
    }
    if (this.#unsafe.length === 0) return Promise.resolve();
    if (this.#failure) return Promise.reject(this.#failure);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ entries: this.#taken, resolve, reject });
    });
  }

  /** Keeps the session's state behind a message, if one is due; `encode` gives it. */
  reached(message: StreamMessage, encode: (place: StatePlace) => Uint8Array): void {
    const { clock, id } = this.#options;
    if (clock.now() < this.#stateDue_s || this.#states.isBusy) return;
    const part = this.#part;
    const place = part?.placeOf(message);
    if (!part || !place) return;
    this.#stateDue_s = clock.now() + STATE_EVERY_S;
    this.#states.write(encode({ recording: id, part: part.number, ...place }), this.safe([]));
  }

  /** Writes the footers; resolves once all is on the disk, or the disk took it no more. */
  async end(): Promise<void> {
    this.#retry?.cancel();
    await this.#closing;
    this.#retry?.cancel();
    if (!this.#part && this.#unsafe.length > 0) this.#begin();
    if (this.#part) await this.#closePart(this.#part, true);
    this.#retry?.cancel();
    const lost = new Set<string>();
    for (const { entry } of this.#unsafe.splice(0)) {
      this.#options.budget.release(bytesOf(entry));
      const stream = sampledStream(entry);
      if (stream !== null && !this.#losing.has(stream)) lost.add(stream);
    }
    for (const stream of lost) this.#options.tell({ kind: 'lost', stream });
    await this.#states.end();
  }

  /** Writes what waits, and the footers, in this very turn. */
  rescue(): void {
    const part = this.#part;
    if (!part) return;
    part.close(this.#written, this.#options.clock.now(), false);
    part.file.rescue();
  }

  #take(entry: RecordedEntry): void {
    const bytes = bytesOf(entry);
    const failure = this.#failure;
    if (!failure) this.#options.budget.force(bytes);
    else if (this.#isLosing(entry) || !this.#options.budget.take(bytes)) {
      // What is open and bound is small, and the next part must tell it.
      if (this.#lose(entry, failure)) return;
      this.#options.budget.force(bytes);
    }
    const stream = sampledStream(entry);
    if (stream !== null) this.#losing.delete(stream);
    this.#taken++;
    this.#rollOver(entry);
    const unsafe: Unsafe = { entry, place: null };
    this.#unsafe.push(unsafe);
    if (this.#part) this.#put(this.#part, unsafe);
    this.#advance();
  }

  /** Whether samples of an entry's stream were lost, and so these are, until the disk takes something again. */
  #isLosing(entry: RecordedEntry): boolean {
    const stream = sampledStream(entry);
    return stream !== null && this.#losing.has(stream);
  }

  /** Drops samples: their stream has a gap. False where the entry is none of samples. */
  #lose(entry: RecordedEntry, failure: DiskError): boolean {
    const stream = sampledStream(entry);
    if (stream === null) return entry.kind === 'thinned';
    if (this.#losing.has(stream)) return true;
    this.#losing.set(stream, failure.lost());
    this.#taken++;
    this.#unsafe.push({ entry: { kind: 'missed', t: entry.t, stream }, place: null });
    this.#options.budget.force(ENTRY_BYTES);
    this.#options.tell({ kind: 'lost', stream });
    return true;
  }

  /** Goes on in another part where the present one is large or old enough, once that is closed: entries go there in order. */
  #rollOver(entry: RecordedEntry): void {
    const part = this.#part;
    const { limits, clock } = this.#options;
    if (!part || this.#written.newest === Number.NEGATIVE_INFINITY || isInFrame(entry)) return;
    if (part.file.size < limits.bytes && clock.now() - part.begun_s < limits.span_s) return;
    owned(
      this.#closePart(part).then(() => {
        if (!this.#failure) this.#begin();
      }),
      () => {},
    );
  }

  /** Begins a part with what isn't in one. */
  #begin(): void {
    const { folder, session, id, run, clock, disk, lanes, mode } = this.#options;
    const number = ++this.#parts;
    const name = `${this.#name}${number === 1 ? '' : `_part${number}`}`;
    const file = new SyncedFile(
      {
        ...{ disk, lanes, mode },
        writing: () => part.writeFrames(this.#written.newest),
        safe: (to) => {
          if (part.safe === 0) this.#began(part);
          part.safe = to;
          this.#advance();
        },
        failed: (error) => this.#failed(part, error),
      },
      (n) => join(folder, `${name}${n === 1 ? '' : `_${n}`}.xdf`),
    );
    const about = `<session>${xmlText(session)}</session><recording>${id}</recording><part>${number}</part>${run === null ? '' : `<run>${xmlText(run)}</run>`}`;
    const start = new Date(clock.unix() * 1000).toISOString();
    const part = new RecordingPart({
      ...{ file, number, begun_s: clock.now(), numbers: this.#numbers },
      header: `<info><version>1.0</version><datetime>${start}</datetime><affectd>${about}</affectd></info>`,
    });
    this.#part = part;
    if (this.#after) part.restate(this.#written, this.#after, clock.now());
    for (const unsafe of this.#unsafe) this.#put(part, unsafe);
    file.begun();
  }

  #put(part: RecordingPart, unsafe: Unsafe): void {
    part.write(unsafe.entry, this.#written);
    unsafe.place = { part, end: part.file.size };
  }

  #began(part: RecordingPart): void {
    this.#failure = null;
    this.#retry_s = FIRST_RETRY_S;
    const { file, number } = part;
    this.#options.tell({ kind: number === 1 ? 'opened' : 'continued', path: file.path, part: number });
  }

  /** Forgets what is safe, in order, and tells those who wait for it. */
  #advance(): void {
    let n = 0;
    for (; n < this.#unsafe.length; n++) {
      const { entry, place } = this.#unsafe[n];
      if (!place || place.end > place.part.safe) break;
      this.#options.budget.release(bytesOf(entry));
      applyEntry(this.#safe, entry);
    }
    this.#unsafe.splice(0, n);
    const safe = this.#taken - this.#unsafe.length;
    const waits = this.#waiting.findIndex(({ entries }) => entries > safe);
    const told = this.#waiting.splice(0, waits < 0 ? this.#waiting.length : waits);
    for (const { resolve } of told) resolve();
  }

  /** The disk takes no more of a part: what isn't safe of it goes into the next. */
  #failed(part: RecordingPart, error: DiskError): void {
    if (this.#part === part) this.#part = null;
    // Of a part of which nothing is safe nothing is left.
    if (part.safe === 0) this.#parts = part.number - 1;
    this.#after = part.end ?? this.#after;
    for (const unsafe of this.#unsafe) unsafe.place = null;
    this.#written = new RecordedState(this.#safe);
    const isNew = this.#failure === null;
    this.#failure = error;
    if (isNew) this.#options.tell({ kind: 'failed', error });
    for (const { reject } of this.#waiting.splice(0)) reject(error);
    this.#retry = this.#options.clock.after(this.#retry_s, () => this.#begin());
    this.#retry_s = Math.min(2 * this.#retry_s, RETRIES_WITHIN_S);
  }

  /** Footers; what comes after this, unless it is the last, goes into another part. Resolves once it is closed. */
  #closePart(part: RecordingPart, isLast = false): Promise<void> {
    this.#part = null;
    part.close(this.#written, this.#options.clock.now(), isLast);
    const { file, number } = part;
    this.#closing = file.closed.then(() => {
      if (file.failure) return;
      this.#after = part.end ?? this.#after;
      this.#options.tell({ kind: 'closed', path: file.path, part: number });
    });
    return this.#closing;
  }
}
