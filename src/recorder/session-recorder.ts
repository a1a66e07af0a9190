import { randomUUID } from 'node:crypto';
import type { Clock, Seconds } from '../core/clock.js';
import { ConfigurationError } from '../core/errors.js';
import type { EventSink } from '../core/event.js';
import type { BegunAnew, StreamMessage } from '../core/signal.js';
import type { ThinnedWindow } from '../io/recordings/recording.js';
import type { SessionMessage } from '../io/sources/source.js';
import { Budget } from './disk/budget.js';
import type { Disk, DiskError } from './disk/disk.js';
import { DiskWatch } from './disk/disk-watch.js';
import { Lanes } from './disk/lanes.js';
import type { SyncMode } from './disk/synced-file.js';
import { systemDisk } from './disk/system-disk.js';
import {
  DISK_LANES,
  HELD_BYTES,
  type PartLimits,
  partLimits,
  type RecordingNews,
} from './parted-recording.js';
import { RecordedState } from './recorded-state.js';
import { RecordingShelf } from './recording-shelf.js';
import { SessionRecording, type SessionRecordingOptions } from './session-recording.js';
import type { KeptState, StatePlace } from './state-files.js';
import type { UnfinishedRecording } from './unfinished-recordings.js';

/** Longest stem of a file's name, characters: with date and part it stays below what any file system takes. */
const MOST_STEM = 100;
/** What the names of a session's files begin with. */
export function fileStem(session: string): string {
  return session.replace(/[^\w.-]+/g, '_').slice(0, MOST_STEM);
}

export interface SessionRecorderOptions {
  readonly clock: Clock;
  readonly events: EventSink;
  /** Default: the machine's. */
  readonly disk?: Disk;
  /** Default `group`. */
  readonly sync?: SyncMode;
  /** Names the run in which what is predicted in a session is told. Default: nobody is told. */
  readonly runOf?: (session: string) => string;
  /** Default: 1 GB, however long it takes. */
  readonly limits?: Partial<PartLimits>;
  /** What all sessions together hold while the disk takes nothing, bytes. Default: {@link HELD_BYTES}. */
  readonly heldBytes?: number;
  /** Gives names that nobody else has. Default: drawn. */
  readonly newName?: () => string;
  /** Whether sessions are recorded from where that is asked for; default: each from its first stream. */
  readonly onRequest?: boolean;
}

/** What is being recorded of a session. */
export interface RecordingStatus {
  /** The name of its first file; null: it has no sample yet. */
  readonly file: string | null;
  /** That are safe. */
  readonly bytes: number;
  readonly since_unix_s: Seconds;
  /** Why nothing is kept at present; null where it is. */
  readonly failure: DiskError | null;
}

/** A session, whether it is recorded or not. */
interface KnownSession {
  /** What holds of its streams. */
  readonly state: RecordedState;
  recording: SessionRecording | null;
  since_unix_s: Seconds;
  /** The last second that a recording of it is named by, s since 1970. */
  named_unix_s: Seconds;
}

/**
 * Records what arrives, each session by itself, in a folder that its owner alone may read. A disk that fails ends neither the daemon
 * nor another session's recording: it is tried again.
 */
export class SessionRecorder {
  /** What is in its folder. */
  readonly shelf: RecordingShelf;
  readonly #folder: string;
  readonly #clock: Clock;
  readonly #events: EventSink;
  readonly #disk: Disk;
  readonly #sync: SyncMode;
  readonly #limits: PartLimits;
  readonly #newName: () => string;
  readonly #runOf: SessionRecorderOptions['runOf'];
  readonly #lanes = new Lanes(DISK_LANES);
  readonly #budget: Budget;
  readonly #onRequest: boolean;
  readonly #sessions = new Map<string, KnownSession>();
  /** Those that end, until all of them is on the disk. */
  readonly #ending = new Set<Promise<void>>();
  readonly #watch: DiskWatch;

  constructor(folder: string, options: SessionRecorderOptions) {
    const { clock, events, disk = systemDisk, sync = 'group', limits = {}, heldBytes = HELD_BYTES } = options;
    this.#budget = new Budget(heldBytes);
    this.#newName = options.newName ?? randomUUID;
    this.#runOf = options.runOf;
    this.#folder = folder;
    this.shelf = new RecordingShelf(folder);
    this.#clock = clock;
    this.#events = events;
    this.#disk = disk;
    this.#sync = sync;
    this.#onRequest = options.onRequest ?? false;
    this.#limits = { ...partLimits({}), ...limits };
    this.#watch = new DiskWatch(folder, {
      ...{ clock, disk, newName: this.#newName },
      low: (free_bytes, message) =>
        events({ code: 'disk-low', level: 'warn', message, details: { free_bytes } }),
    });
  }

  /**
   * As {@link DiskWatch.check}.
   * @throws ConfigurationError `output-unwritable`.
   */
  async check(): Promise<void> {
    try {
      await this.#watch.check();
    } catch (error) {
      throw new ConfigurationError(
        'output-unwritable',
        `--record ${this.#folder}: can't be written (${(error as NodeJS.ErrnoException).code}); choose another place`,
      );
    }
  }

  take({ session, message }: SessionMessage): void {
    const known = this.#sessions.get(session) ?? (message.kind === 'open' ? this.#begin(session) : null);
    known?.recording?.take(message);
    known?.state.take(message, this.#clock.now());
  }

  /** Records a session that is open from here on. @returns whether it wasn't before. */
  start(session: string): boolean {
    const known = this.#sessions.get(session);
    if (!known || known.recording) return false;
    const midway = known.state.begin;
    known.since_unix_s = this.#clock.unix();
    // One that was stopped in the same second is named by it.
    const named_unix_s = Math.max(Math.floor(known.since_unix_s), known.named_unix_s + 1);
    known.named_unix_s = named_unix_s;
    known.recording = this.#record(session, { midway, named_unix_s });
    return true;
  }

  /** Ends the recording of a session that goes on; resolves with it once it is on the disk; null: there is none. */
  async stop(session: string): Promise<Pick<RecordingStatus, 'file' | 'bytes'> | null> {
    const known = this.#sessions.get(session);
    const recording = known?.recording;
    if (!known || !recording) return null;
    known.recording = null;
    await this.#end(recording);
    return { file: recording.file, bytes: recording.bytes };
  }

  /** What is recorded of a session; null: nothing is. */
  status(session: string): RecordingStatus | null {
    const known = this.#sessions.get(session);
    if (!known?.recording) return null;
    const { file, bytes, failure } = known.recording;
    return { file, bytes, since_unix_s: known.since_unix_s, failure };
  }

  /** What names the recordings that are written at present in their files. */
  get ids(): ReadonlySet<string> {
    return new Set([...this.#recordings()].map(([, { id }]) => id));
  }

  /** What was free where it records when it looked last, bytes; null before that. */
  get free_bytes(): number | null {
    return this.#watch.free_bytes;
  }

  /** What a recording holds that another daemon began outlasts a power cut then: that wrote it, and may not have come to syncing it. */
  async makeSafe({ folder, xdf }: UnfinishedRecording): Promise<void> {
    await this.#disk.sync(xdf.path);
    await this.#disk.syncFolder(folder);
  }

  /** Removes files with which no session can go on any more, as far as the disk lets it. */
  async discard(paths: readonly string[]): Promise<void> {
    for (const path of paths) await this.#disk.remove(path).catch(() => {});
  }

  /** Goes on with a recording that another daemon began, in its next part. */
  goOn(from: UnfinishedRecording): void {
    this.#sessions.set(from.session, {
      state: new RecordedState(from.state),
      recording: this.#record(from.session, { from }),
      since_unix_s: this.#clock.unix(),
      named_unix_s: Number.NEGATIVE_INFINITY,
    });
  }

  /** Notes that a node's model is not asked about a window, so that a replay doesn't ask it either. */
  thinned(session: string, window: ThinnedWindow): void {
    this.#recordingOf(session)?.thinned(window);
  }

  /** Notes where a session's graph begins anew: in the message `after`, or behind it; null: at the session's end. */
  begunAnew(session: string, anew: BegunAnew, after: StreamMessage | null): void {
    this.#recordingOf(session)?.begunAnew(anew, after);
  }

  /** Notes in every recording that another pipeline took over; `from`, `to`: their digests. */
  reloaded(from: string, to: string): void {
    for (const [, recording] of this.#recordings()) recording.reloaded(from, to);
  }

  /** As {@link SessionRecording.reached}. */
  reached(
    session: string,
    message: StreamMessage,
    encode: (place: StatePlace, since: Seconds) => KeptState,
  ): void {
    this.#recordingOf(session)?.reached(message, encode);
  }

  /** As {@link SessionRecording.safe}; at once where the session is not recorded. */
  safe(session: string, streams: readonly string[] = []): Promise<void> {
    return this.#recordingOf(session)?.safe(streams) ?? Promise.resolve();
  }

  /** How many sessions are recorded. */
  get sessions(): number {
    return [...this.#recordings()].length;
  }

  /** Sessions of which nothing is kept at present, and why. */
  get failures(): ReadonlyMap<string, DiskError> {
    const failures = new Map<string, DiskError>();
    for (const [session, { failure }] of this.#recordings()) if (failure) failures.set(session, failure);
    return failures;
  }

  /** Writes the footer of a session's file: what comes under its name after this is another session. */
  ended(session: string): void {
    const recording = this.#recordingOf(session);
    this.#sessions.delete(session);
    if (recording) void this.#end(recording);
  }

  /** Writes the footers of every file; resolves once they are on the disk. */
  async close(): Promise<void> {
    this.#watch.close();
    for (const session of [...this.#sessions.keys()]) this.ended(session);
    await Promise.all(this.#ending);
  }

  /** Writes every footer in this very turn. */
  rescue(): void {
    for (const [, recording] of this.#recordings()) recording.rescue();
  }

  *#recordings(): Generator<[session: string, recording: SessionRecording]> {
    for (const [session, { recording }] of this.#sessions) if (recording) yield [session, recording];
  }

  #recordingOf(session: string): SessionRecording | null {
    return this.#sessions.get(session)?.recording ?? null;
  }

  #begin(session: string): KnownSession {
    const now_unix_s = this.#clock.unix();
    const known: KnownSession = {
      state: new RecordedState(),
      recording: this.#onRequest ? null : this.#record(session),
      since_unix_s: now_unix_s,
      named_unix_s: this.#onRequest ? Number.NEGATIVE_INFINITY : Math.floor(now_unix_s),
    };
    this.#sessions.set(session, known);
    return known;
  }

  #end(recording: SessionRecording): Promise<void> {
    const ending = recording.end().then(() => void this.#ending.delete(ending));
    this.#ending.add(ending);
    return ending;
  }

  #record(
    session: string,
    begins: Pick<SessionRecordingOptions, 'midway' | 'named_unix_s'> & {
      readonly from?: UnfinishedRecording;
    } = {},
  ): SessionRecording {
    return new SessionRecording({
      ...{ folder: this.#folder, stem: fileStem(session), session },
      ...{ ...begins, id: begins.from?.id ?? this.#newName() },
      run: this.#runOf?.(session) ?? null,
      ...{ disk: this.#disk, lanes: this.#lanes, mode: this.#sync },
      ...{ clock: this.#clock, limits: this.#limits, budget: this.#budget },
      tell: (news) => this.#tell(session, news),
    });
  }

  #tell(session: string, news: RecordingNews): void {
    if (news.kind === 'failed') {
      const { message, code: reason } = news.error;
      this.#events({
        ...{ code: 'recording-failed', level: 'error', session, details: { reason } },
        message: `session ${session} is not recorded: ${message}; it is tried again`,
      });
      return;
    }
    if (news.kind === 'lost') {
      const { stream } = news;
      this.#events({
        ...{ code: 'samples-lost', level: 'error', session, stream },
        message: `session ${session}: samples of ${stream} are not kept: the disk takes nothing, and no more can be held`,
      });
      return;
    }
    const { kind, path } = news;
    const message = {
      opened: `records to ${path}`,
      continued: `goes on recording, to ${path}`,
      closed: `${path} is complete`,
    }[kind];
    this.#events({ code: `recording-${kind}`, level: 'info', session, message });
  }
}
