import { basename, join } from 'node:path';
import type { Seconds } from '../core/clock.js';
import { type BegunAnew, type StreamMessage, streamOf } from '../core/signal.js';
import type { ThinnedWindow } from '../io/recordings/recording.js';
import type { DiskError } from './disk/disk.js';
import { PartedRecording, type PartedRecordingOptions, type RecordedContent } from './parted-recording.js';
import { applyEntry, bytesOf, isInFrame, type RecordedEntry, sampledStream } from './recorded-entry.js';
import { RecordedState } from './recorded-state.js';
import { SessionPart } from './session-part.js';
import { type KeptState, STATE_EVERY_S, StateFiles, type StatePlace } from './state-files.js';
import type { UnfinishedRecording } from './unfinished-recordings.js';

export interface SessionRecordingOptions extends Omit<PartedRecordingOptions, 'pathOf' | 'before'> {
  readonly folder: string;
  /** What the names of its files begin with. */
  readonly stem: string;
  /** A recording that another daemon began, which goes on in its next part. Default: it begins. */
  readonly from?: Pick<UnfinishedRecording, 'name' | 'part' | 'state' | 'numbers' | 'xdf'> | undefined;
  /** What holds where it begins in the middle of its session. Default: it begins with it. */
  readonly midway?: RecordedState | undefined;
  /** When it begins, as its name tells, s since 1970. Default: now. */
  readonly named_unix_s?: Seconds;
}

/** What one session is told: chunk by chunk in order of arrival, and the session's log. */
export class SessionRecording {
  readonly #options: SessionRecordingOptions;
  readonly #recording: PartedRecording<RecordedEntry, RecordedState, SessionPart>;
  /** By stream, how many samples of its next message the session's graph never gets. */
  readonly #dropped = new Map<string, number>();
  readonly #states: StateFiles;
  #file: string | null;
  /** When the next state is due, by the clock. */
  #stateDue_s: Seconds;
  /** What was told before is kept. */
  #toldUntil_s: Seconds = Number.NEGATIVE_INFINITY;

  constructor(options: SessionRecordingOptions) {
    this.#options = options;
    const { clock, folder, stem, from, disk, lanes, midway, named_unix_s = clock.unix() } = options;
    const stamp = new Date(named_unix_s * 1000).toISOString().slice(0, 19).replaceAll(':', '-');
    const name = from?.name ?? `${stem}_${stamp}`;
    this.#states = new StateFiles({ disk, lanes, folder, name });
    // What went before the middle of a session no replay of its samples gives.
    this.#stateDue_s = clock.now() + (midway ? 0 : STATE_EVERY_S);
    this.#file = from ? basename(from.xdf.path) : null;
    const before = from && { parts: from.part, after: from.xdf.end, numbers: from.numbers };
    this.#recording = new PartedRecording(
      contentOf(new RecordedState(from?.state ?? midway), midway !== undefined),
      {
        ...options,
        tell: (news) => {
          if (news.kind === 'opened' || news.kind === 'continued') this.#file ??= basename(news.path);
          options.tell(news);
        },
        ...(before && { before }),
        pathOf: (part, n) =>
          join(folder, `${name}${part === 1 ? '' : `_part${part}`}${n === 1 ? '' : `_${n}`}.xdf`),
      },
    );
  }

  /** The name of the first of its files that this daemon knows of; null: it has none yet. */
  get file(): string | null {
    return this.#file;
  }

  /** Names it in all its parts. */
  get id(): string {
    return this.#options.id;
  }

  /** As {@link PartedRecording.bytes}. */
  get bytes(): number {
    return this.#recording.bytes;
  }

  /** Why nothing is kept at present; null where it is. */
  get failure(): DiskError | null {
    return this.#recording.failure;
  }

  take(message: StreamMessage): void {
    if (message.kind === 'dropped') {
      this.#dropped.set(message.stream, message.samples);
      return;
    }
    const sampled = message.kind === 'chunk' || message.kind === 'marker' ? streamOf(message) : null;
    const dropped = (sampled !== null && this.#dropped.get(sampled)) || 0;
    if (sampled !== null) this.#dropped.delete(sampled);
    this.#recording.take({ kind: 'message', t: this.#options.clock.now(), message, dropped });
  }

  /** Notes where the session's graph begins anew: in the message `after`, or behind it; null: at the session's end. */
  begunAnew(anew: BegunAnew, after: StreamMessage | null): void {
    this.#recording.take({ kind: 'anew', t: this.#options.clock.now(), anew, after });
  }

  /** Notes that a node's model is not asked about a window, so that a replay doesn't ask it either. */
  thinned(window: ThinnedWindow): void {
    this.#recording.take({ kind: 'thinned', t: this.#options.clock.now(), window });
  }

  /** Notes that another pipeline took over; both by their digests. */
  reloaded(from: string, to: string): void {
    this.#recording.take({ kind: 'reload', t: this.#options.clock.now(), from, to });
  }

  /** As {@link PartedRecording.safe}. */
  safe(streams: readonly string[]): Promise<void> {
    return this.#recording.safe(streams);
  }

  /** Keeps the session's state behind a message, if one is due; `encode` gives it, with what was told since, by the clock. */
  reached(message: StreamMessage, encode: (place: StatePlace, since: Seconds) => KeptState): void {
    const { clock, id } = this.#options;
    if (clock.now() < this.#stateDue_s || this.#states.isBusy) return;
    const { part } = this.#recording;
    const place = part?.placeOf(message);
    if (!part || !place) return;
    const now = clock.now();
    this.#stateDue_s = now + STATE_EVERY_S;
    const kept = encode({ recording: id, part: part.number, ...place }, this.#toldUntil_s);
    this.#states.write(kept, this.safe([]), () => {
      this.#toldUntil_s = now;
    });
  }

  /** Writes the footers; resolves once all is on the disk, or the disk took it no more. */
  async end(): Promise<void> {
    await this.#recording.end();
    await this.#states.end();
  }

  /** As {@link PartedRecording.rescue}. */
  rescue(): void {
    this.#recording.rescue();
  }
}

function contentOf(
  begin: RecordedState,
  isMidway: boolean,
): RecordedContent<RecordedEntry, RecordedState, SessionPart> {
  return {
    ...{ begin, isMidway },
    copy: (state) => new RecordedState(state),
    apply: applyEntry,
    // What a part says again is told at a stamp.
    hasSamples: ({ newest }) => newest !== Number.NEGATIVE_INFINITY,
    bytesOf,
    streamOf: sampledStream,
    missed: ({ t }, stream) => ({ kind: 'missed', t, stream }),
    isSpare: ({ kind }) => kind === 'thinned',
    goesOn: isInFrame,
    part: (options) => new SessionPart(options),
  };
}
