import { requireAtBorder } from '../core/border.js';
import type { Clock, Seconds, Timer } from '../core/clock.js';
import { owned } from '../core/owned.js';
import type { PartEnd } from '../io/recordings/xdf/session-log.js';
import { xmlText } from '../io/recordings/xdf/xdf-writer.js';
import type { Budget } from './disk/budget.js';
import type { DiskError } from './disk/disk.js';
import { SyncedFile, type SyncedFileOptions } from './disk/synced-file.js';
import type { RecordingPart, RecordingPartOptions } from './recording-part.js';

/** What commands say of parts. */
export interface PartOptions {
  /** A recording goes on in another part above so many megabytes. Default 1000. */
  readonly partMb?: number;
  /** And after so many seconds. Default: never. */
  readonly partS?: Seconds;
}

/** When a recording goes on in another file. */
export interface PartLimits {
  readonly bytes: number;
  /** By the clock; Infinity: never. */
  readonly span_s: Seconds;
}

export function partLimits({ partMb = 1000, partS = Number.POSITIVE_INFINITY }: PartOptions): PartLimits {
  return { bytes: partMb * 1e6, span_s: partS };
}

/** What becomes of a recording. `continued`: in another part; `lost`: samples aren't kept, as too much waits for the disk. */
export type RecordingNews =
  | { readonly kind: 'opened' | 'continued' | 'closed'; readonly path: string; readonly part: number }
  | { readonly kind: 'failed'; readonly error: DiskError }
  | { readonly kind: 'lost'; readonly stream: string };

/** Files that wait for the disk at once: the other threads of the pool serve names and other disks. */
export const DISK_LANES = 2;
/** What is held while the disk takes nothing, bytes: 32 channels at 250 Hz for half an hour. */
export const HELD_BYTES = 128 << 20;
/** What was held goes to the disk in bits of so many bytes: neither a turn of the event loop nor a write is long. */
const FED_BYTES = 1 << 20;
/** Entries that wait for the first samples at most; then the file begins without. */
const MOST_AHEAD = 1000;

/** How soon after a failure the disk is tried again, and how rarely at last, s. */
const FIRST_RETRY_S: Seconds = 1;
const RETRIES_WITHIN_S: Seconds = 10;

/** What is recorded, entry by entry, and the state that entries come to, which the next part says again. */
export interface RecordedContent<Entry, State, Part> {
  /** Before the first entry. */
  readonly begin: State;
  /** Whether the first part says what holds then. Default: nothing does. */
  readonly isMidway?: boolean;
  copy(state: State): State;
  apply(state: State, entry: Entry): void;
  /** Whether a part may end where this is written. */
  hasSamples(state: State): boolean;
  /** What an entry holds of memory, about. */
  bytesOf(entry: Entry): number;
  /** The stream whose samples an entry holds; null: it holds none. */
  streamOf(entry: Entry): string | null;
  /** Says that samples of a stream are lost, in the place of an entry that held them. */
  missed(entry: Entry, stream: string): Entry;
  /** Whether an entry may be left out where there is no room. */
  isSpare(entry: Entry): boolean;
  /** Whether an entry goes on with the one before: no part begins with it. */
  goesOn(entry: Entry): boolean;
  part(options: RecordingPartOptions): Part;
}

export interface PartedRecordingOptions extends Pick<SyncedFileOptions, 'disk' | 'lanes' | 'mode'> {
  /** The n-th name to try for the file of a part, both from 1. */
  readonly pathOf: (part: number, n: number) => string;
  /** Null: of no session alone. */
  readonly session: string | null;
  /** Names the recording in each of its parts. */
  readonly id: string;
  /** Names the run in which what is predicted is told; null: nobody is told. */
  readonly run: string | null;
  readonly clock: Pick<Clock, 'now' | 'unix' | 'after'>;
  readonly limits: PartLimits;
  /** Bytes that may be held while the disk takes nothing, which recordings share. */
  readonly budget: Budget;
  readonly tell: (news: RecordingNews) => void;
  /** Parts that were written before, what the next goes on from, and the numbers of their streams. Default: none. */
  readonly before?: {
    readonly parts: number;
    readonly after: PartEnd | null;
    readonly numbers: ReadonlyMap<string, number>;
  };
}

/** An entry that isn't safe yet, and the part that it is written to and ends in, if it is in one. */
interface Unsafe<Entry, Part> {
  readonly entry: Entry;
  place: { readonly part: Part; readonly end: number } | null;
}

/** Somebody waits until so many entries are safe. */
interface Waiting {
  readonly entries: number;
  readonly resolve: () => void;
  readonly reject: (error: DiskError) => void;
}

/**
 * Entries in XDF files, in their order. A recording begins with its first samples, and goes on in another file, a part, when one is
 * large or old enough, and when the disk takes something again after it didn't; each part says again what holds. What came meanwhile is
 * held, as far as there is room, and is the first that the next part is given.
 */
export class PartedRecording<Entry, State, Part extends RecordingPart<Entry, State>> {
  readonly #content: RecordedContent<Entry, State, Part>;
  readonly #options: PartedRecordingOptions;
  /** Numbers of the streams in every part. */
  readonly #numbers: Map<string, number>;
  /** As of all that is safe, and as of all that is written. */
  readonly #safe: State;
  #written: State;
  readonly #unsafe: Unsafe<Entry, Part>[] = [];
  /** How many of those are in a part: the first. */
  #placed = 0;
  #taken = 0;
  #waiting: Waiting[] = [];
  #part: Part | null = null;
  /** Whether the present part has nothing yet but what it says again: however large that is, it goes on with an entry. */
  #isFresh = true;
  #parts: number;
  /** Nothing is written before there are samples. */
  #isAhead = true;
  #failure: DiskError | null = null;
  /** Why something was held that isn't in a part yet. */
  #outage: DiskError | null = null;
  #retry: Timer | null = null;
  #retry_s: Seconds = FIRST_RETRY_S;
  /** The part that is written, or closes, and what is safe of those before it, bytes. */
  #last: Part | null = null;
  #before_bytes = 0;
  /** Streams whose last samples were lost, and why. */
  readonly #losing = new Map<string, DiskError>();
  /** What the next part goes on from; null: it is the first. */
  #after: PartEnd | null;
  /** The part before the next one, until it is closed. */
  #closing: Promise<void> = Promise.resolve();

  constructor(content: RecordedContent<Entry, State, Part>, options: PartedRecordingOptions) {
    this.#content = content;
    this.#options = options;
    const { before } = options;
    this.#numbers = new Map(before?.numbers);
    this.#safe = content.copy(content.begin);
    this.#written = content.copy(content.begin);
    this.#parts = before?.parts ?? 0;
    this.#after = before?.after ?? null;
    if (before) this.#begin();
  }

  /** The part that is written at present; null: none is. */
  get part(): Part | null {
    return this.#part;
  }

  /** Bytes in its parts, but for those that were written before. */
  get bytes(): number {
    return this.#before_bytes + (this.#last?.safe ?? 0);
  }

  /** Why nothing is kept at present; null where it is. */
  get failure(): DiskError | null {
    return this.#failure;
  }

  /** @returns whether it is recorded, or held; samples that are not are lost. */
  take(entry: Entry): boolean {
    const { budget } = this.#options;
    const stream = this.#content.streamOf(entry);
    const bytes = this.#content.bytesOf(entry);
    const outage = this.#outage;
    if (!outage) budget.force(bytes);
    else if ((stream !== null && this.#losing.has(stream)) || !budget.take(bytes)) {
      if (stream !== null) {
        this.#lose(entry, stream, outage);
        return false;
      }
      if (this.#content.isSpare(entry)) return false;
      // What is open and bound is small, and the next part must tell it.
      budget.force(bytes);
    }
    if (stream !== null) this.#losing.delete(stream);
    this.#taken++;
    this.#unsafe.push({ entry, place: null });
    if (this.#part) this.#feed();
    else if (this.#isAhead && (stream !== null || this.#unsafe.length >= MOST_AHEAD)) this.#begin();
    this.#advance();
    return true;
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
    if (this.#unsafe.length === 0 || this.#isAhead) return Promise.resolve();
    if (this.#failure) return Promise.reject(this.#failure);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ entries: this.#taken, resolve, reject });
    });
  }

  /** Writes the footers; resolves once all is on the disk, or the disk took it no more: with what is lost. */
  async end(): Promise<readonly Entry[]> {
    this.#retry?.cancel();
    await this.#closing;
    this.#retry?.cancel();
    if (!this.#part && !this.#isAhead && this.#unsafe.length > 0) this.#begin();
    this.#feed(Number.POSITIVE_INFINITY);
    if (this.#part) await this.#closePart(this.#part, true);
    this.#retry?.cancel();
    const left = this.#unsafe.splice(0).map(({ entry }) => entry);
    const lost = new Set<string>();
    for (const entry of left) {
      this.#options.budget.release(this.#content.bytesOf(entry));
      const stream = this.#content.streamOf(entry);
      if (stream !== null && !this.#losing.has(stream)) lost.add(stream);
    }
    for (const stream of lost) this.#options.tell({ kind: 'lost', stream });
    return left;
  }

  /** Writes what waits, and the footers, in this very turn. */
  rescue(): void {
    const part = this.#part;
    if (!part) return;
    this.#feed(Number.POSITIVE_INFINITY);
    part.close(this.#written, this.#options.clock.now(), false);
    part.file.rescue();
  }

  /** Drops samples: their stream has a gap. */
  #lose(entry: Entry, stream: string, outage: DiskError): void {
    if (this.#losing.has(stream)) return;
    this.#losing.set(stream, outage.lost());
    this.#taken++;
    const missed = this.#content.missed(entry, stream);
    this.#unsafe.push({ entry: missed, place: null });
    this.#options.budget.force(this.#content.bytesOf(missed));
    this.#options.tell({ kind: 'lost', stream });
  }

  /** Goes on in another part where the present one is large or old enough, once that is closed: entries go there in order. */
  #rollsOver(part: Part, entry: Entry): boolean {
    const { limits, clock } = this.#options;
    if (this.#isFresh || !this.#content.hasSamples(this.#written) || this.#content.goesOn(entry))
      return false;
    if (part.file.size < limits.bytes && clock.now() - part.begun_s < limits.span_s) return false;
    owned(
      this.#closePart(part).then(() => {
        if (!this.#failure) this.#begin();
      }),
      () => {},
    );
    return true;
  }

  /** Begins a part with what isn't in one. */
  #begin(): void {
    const { pathOf, clock, disk, lanes, mode } = this.#options;
    this.#isAhead = false;
    const number = ++this.#parts;
    const file = new SyncedFile(
      {
        ...{ disk, lanes, mode },
        writing: () => part.writeKept(this.#written),
        safe: (to) => {
          requireAtBorder(
            to >= part.safe && to <= file.size,
            () => `${file.path}: ${to} bytes are said to be safe behind ${part.safe}, of ${file.size}`,
          );
          if (part.safe === 0) this.#began(part);
          part.safe = to;
          this.#advance();
          this.#feed();
        },
        failed: (error) => this.#failed(part, error),
      },
      (n) => pathOf(number, n),
    );
    const part: Part = this.#content.part({
      ...{ file, number, begun_s: clock.now(), numbers: this.#numbers },
      header: this.#header(number),
    });
    this.#before_bytes += this.#last?.safe ?? 0;
    this.#last = part;
    this.#part = part;
    this.#isFresh = true;
    if (this.#after || this.#content.isMidway) part.restate(this.#written, this.#after, clock.now());
    this.#feed();
    file.begun();
  }

  #header(part: number): string {
    const { session, id, run, clock } = this.#options;
    const start = new Date(clock.unix() * 1000).toISOString();
    const told = [
      session === null ? '' : `<session>${xmlText(session)}</session>`,
      `<recording>${xmlText(id)}</recording><part>${part}</part>`,
      run === null ? '' : `<run>${xmlText(run)}</run>`,
    ];
    return `<info><version>1.0</version><datetime>${start}</datetime><affectd>${told.join('')}</affectd></info>`;
  }

  /** Puts what isn't in a part into the present one; of what was held, so many bytes before they are safe. */
  #feed(most_bytes = FED_BYTES): void {
    for (; this.#part && this.#placed < this.#unsafe.length; this.#placed++) {
      const part = this.#part;
      const unsafe = this.#unsafe[this.#placed];
      const isFull = this.#outage !== null && part.file.size - part.safe >= most_bytes;
      if (isFull && !this.#content.goesOn(unsafe.entry)) return;
      if (this.#rollsOver(part, unsafe.entry)) return;
      part.write(unsafe.entry, this.#written);
      this.#isFresh = false;
      unsafe.place = { part, end: part.file.size };
      if (this.#outage) part.file.begun();
    }
    if (!this.#failure) this.#outage = null;
  }

  #began(part: Part): void {
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
      this.#options.budget.release(this.#content.bytesOf(entry));
      this.#content.apply(this.#safe, entry);
    }
    this.#unsafe.splice(0, n);
    this.#placed -= n;
    const safe = this.#taken - this.#unsafe.length;
    const waits = this.#waiting.findIndex(({ entries }) => entries > safe);
    const told = this.#waiting.splice(0, waits < 0 ? this.#waiting.length : waits);
    for (const { resolve } of told) resolve();
  }

  /** The disk takes no more of a part: what isn't safe of it goes into the next. */
  #failed(part: Part, error: DiskError): void {
    if (this.#part === part) this.#part = null;
    // Of a part of which nothing is safe nothing is left.
    if (part.safe === 0) this.#parts = part.number - 1;
    this.#after = part.end ?? this.#after;
    for (const unsafe of this.#unsafe) unsafe.place = null;
    this.#placed = 0;
    this.#written = this.#content.copy(this.#safe);
    const isNew = this.#failure === null;
    this.#failure = error;
    this.#outage = error;
    if (isNew) this.#options.tell({ kind: 'failed', error });
    for (const { reject } of this.#waiting.splice(0)) reject(error);
    this.#retry = this.#options.clock.after(this.#retry_s, () => this.#begin());
    this.#retry_s = Math.min(2 * this.#retry_s, RETRIES_WITHIN_S);
  }

  /** Footers; what comes after this, unless it is the last, goes into another part. Resolves once it is closed. */
  #closePart(part: Part, isLast = false): Promise<void> {
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
