import type { Observer } from 'rxjs';
import type { Seconds, Timer } from '../../../core/clock.js';
import type { SessionEvent } from '../../../core/event.js';
import { owned } from '../../../core/owned.js';
import { isMeasured, STREAM_BOUNDS } from '../../../core/signal.js';
import { type CanonicalStream, canonicalStreams } from '../../../signal/dialects/canonical-stream.js';
import { streamTypeNamed } from '../../../signal/dialects/stream-type.js';
import type { StallWatch } from '../../../signal/timebase/stall-watch.js';
import { isUnixStamp } from '../../../signal/timebase/unix-stamps.js';
import { type Backend, chooseBackend, type StreamInlet } from '../../lsl/backend.js';
import { declarationOf, isSimulated } from '../../lsl/declaration.js';
import { LslError, lslErrorOf } from '../../lsl/lsl-error.js';
import type { LslContext } from '../../lsl/network.js';
import { Resolver } from '../../lsl/resolver.js';
import { Searches } from '../../lsl/searches.js';
import type { LslStreamInfo } from '../../lsl/stream-info.js';
import type { ClockMeasurement } from '../../lsl/time-correction.js';
import { matchesQuery } from '../../lsl/udp-service.js';
import { defaultIngestLimits } from '../../protocol/limits.js';
import { DoorStream, type StampOrigin } from '../door/door-stream.js';
import { SharedSessions } from '../door/shared-sessions.js';
import type { SessionMessage, SourceContext } from '../source.js';
import type { Admission, LslDirectory, LslDoor, LslReception } from './lsl-directory.js';
import { rawSamples } from './raw-samples.js';

/** How long a stream that was lost keeps its place in the session, s. */
const GRACE_S = 60;
/** A regular stream that has sent nothing by then deserves a warning, s. */
const SILENT_AFTER_S = 10;
/** Before an outlet that could not be used is tried again, s. */
const RETRY_S = 5;

/** `session`: of streams that no rule gives another one. */
export interface LslSourceOptions extends Pick<SourceContext, 'session' | 'stall'> {
  /** What this door shares with others of each session. Default: nothing. */
  readonly sessions?: SharedSessions;
  /** What receives. Default: `auto`. */
  readonly backend?: Backend;
  /** What the daemon's doors to the network know of each other. Default: it is the only one. */
  readonly directory?: LslDirectory;
}

export interface ListeningOptions extends LslSourceOptions {
  /** Default: what the directory leaves to sources, or everything. */
  readonly admission?: Admission;
}

const everything: Admission = { admits: () => true, takes: () => true, moved: () => {} };

/** The session of a stream, by what its outlet says of itself. */
export type SessionRule = (info: LslStreamInfo) => string;

interface Connected {
  readonly session: string;
  readonly inlet: StreamInlet;
  /** Whole, as its outlet describes it. */
  readonly described: LslStreamInfo;
  readonly door: DoorStream;
  /** What a device keeps through restarts. */
  readonly identity: string;
  /** Whether an equal name was taken when it came. */
  readonly isRepeat: boolean;
  readonly openedAt: Seconds;
  /** When samples came last; null: never. */
  heardAt: Seconds | null;
  /** Of the outlet's clock, as it was measured last. */
  measurement: ClockMeasurement | null;
  readonly timers: Set<Timer>;
  grace: Timer | null;
}

/** One subscription to the network's streams. */
export class Listening implements LslDoor {
  readonly #context: LslContext;
  readonly #rule: SessionRule;
  readonly #subscriber: Pick<Observer<SessionMessage>, 'next'>;
  /** By query. */
  readonly #resolvers = new Map<string, Resolver>();
  readonly #backend: Backend;
  readonly #sessions: SharedSessions;
  readonly #stall: StallWatch | undefined;
  /** By the outlet's uid. */
  readonly #streams = new Map<string, Connected | 'opening'>();
  readonly #retry: Timer;
  readonly #refused = new Map<string, { readonly until: Seconds; readonly why: string }>();
  readonly #admission: Admission;
  readonly #leave: (() => void) | undefined;
  readonly #searches = new Searches();
  #isClosed = false;

  constructor(
    context: LslContext,
    rule: SessionRule,
    subscriber: Pick<Observer<SessionMessage>, 'next'>,
    { sessions, stall, backend, directory, admission }: ListeningOptions,
  ) {
    this.#backend = backend ?? chooseBackend('auto');
    this.#sessions = sessions ?? new SharedSessions();
    this.#stall = stall;
    this.#context = context;
    this.#rule = rule;
    this.#subscriber = subscriber;
    this.#admission = admission ?? directory?.unasked ?? everything;
    this.#leave = directory?.enter(this);
    this.#retry = context.clock.every(RETRY_S, () => {
      const streams = this.sighted;
      const present = new Set(streams.map(({ uid }) => uid));
      for (const uid of this.#refused.keys()) if (!present.has(uid)) this.#refused.delete(uid);
      for (const info of streams) this.#take(info);
    });
  }

  /** Takes in what fits any of `queries` from here on; what fits none is closed. */
  follow(queries: ReadonlySet<string>): void {
    for (const [query, resolver] of this.#resolvers) {
      if (queries.has(query)) continue;
      resolver.close();
      this.#resolvers.delete(query);
    }
    for (const query of queries)
      if (!this.#resolvers.has(query)) this.#resolvers.set(query, this.#ask(query));
    for (const connected of this.#streams.values())
      if (connected !== 'opening' && !this.wants(connected.described)) this.#drop(connected, 'closed');
  }

  #ask(query: string): Resolver {
    return new Resolver(this.#context, {
      query,
      appeared: (info) => this.#take(info),
      vanished: (info) => this.#searches.vanished(info),
      answered: (info) => this.#searches.answered(info),
    });
  }

  get sighted(): readonly LslStreamInfo[] {
    return [...this.#resolvers.values()].flatMap((resolver) => resolver.streams);
  }

  get received(): readonly Extract<LslReception, { readonly info: LslStreamInfo }>[] {
    return [...new Set(this.#streams.values())].flatMap((stream) =>
      stream === 'opening' ? [] : [receptionOf(stream)],
    );
  }

  receptionOf(uid: string): LslReception | null {
    const stream = this.#streams.get(uid);
    if (stream) return stream === 'opening' ? { state: 'opening' } : receptionOf(stream);
    const refused = this.#refused.get(uid);
    return refused ? { state: 'refused', why: refused.why } : null;
  }

  /** Takes an outlet's stream in now. @throws LslError why that can't be. */
  async connect(info: LslStreamInfo): Promise<Extract<LslReception, { readonly info: LslStreamInfo }>> {
    this.#streams.set(info.uid, 'opening');
    try {
      await this.#open(info, false);
    } catch (error) {
      this.#streams.delete(info.uid);
      throw error;
    }
    const stream = this.#streams.get(info.uid);
    if (!stream || stream === 'opening') throw new LslError('closed', 'it was given up meanwhile');
    return receptionOf(stream);
  }

  end(uid: string): void {
    const stream = this.#streams.get(uid);
    if (stream && stream !== 'opening') this.#drop(stream, 'closed');
  }

  sessionOf(info: LslStreamInfo): string {
    return this.#rule(info);
  }

  wants(info: LslStreamInfo): boolean {
    return [...this.#resolvers.keys()].some((query) => query === '' || matchesQuery(info, query));
  }

  close(): void {
    this.#isClosed = true;
    this.#retry.cancel();
    this.#leave?.();
    for (const resolver of this.#resolvers.values()) resolver.close();
    for (const connected of this.#streams.values()) if (connected !== 'opening') this.#release(connected);
    this.#streams.clear();
  }

  #take(info: LslStreamInfo): void {
    owned(this.#appeared(info), ({ message }) =>
      this.#tell(info, 'connection-failed', 'error', `fault while it was taken in: ${message}`),
    );
  }

  async #appeared(info: LslStreamInfo): Promise<void> {
    const type = streamTypeNamed(info.type);
    // Predictions are no input, and the daemon's own are among them.
    if (type === 'Affect' || this.#isClosed || this.#streams.has(info.uid)) return;
    if (!this.#admission.takes(info)) return;
    const refused = this.#refused.get(info.uid);
    if (refused && this.#context.clock.now() < refused.until) return;
    const lost = this.#lostAs(info);
    // A device that keeps a source id is found by what receives it; without one, or with another layout, it is taken in anew.
    if (lost && info.sourceId !== '' && hasLayoutOf(lost.inlet.info, info)) return;
    if (lost) this.#drop(lost);
    this.#streams.set(info.uid, 'opening');
    try {
      await this.#open(info, lost !== undefined);
      this.#refused.delete(info.uid);
    } catch (error) {
      this.#streams.delete(info.uid);
      if (this.#isClosed) return;
      const known = this.#refused.has(info.uid);
      const { message: why } = lslErrorOf(error);
      this.#refused.set(info.uid, { until: this.#context.clock.now() + RETRY_S, why });
      if (!known)
        this.#tell(
          info,
          'stream-ignored',
          'warn',
          `can't be received: ${why}; tried again from time to time`,
        );
    }
  }

  /** The lost stream that waits for such an outlet. */
  #lostAs(info: LslStreamInfo): Connected | undefined {
    for (const stream of this.#streams.values())
      if (stream !== 'opening' && stream.grace && stream.identity === identityOf(info)) return stream;
    return undefined;
  }

  /** `isSuccessor`: a stream was lost whose place it takes. */
  async #open(info: LslStreamInfo, isSuccessor: boolean): Promise<void> {
    const openedAt = this.#context.clock.now();
    let connected: Connected | null = null;
    const inlet = this.#backend.inlet(this.#context, info, {
      samples: (batch, gapBefore) => {
        if (!connected) return;
        const silent = this.#silentBefore(connected);
        if (silent) connected = this.#inPlaceOf(silent, connected);
        connected.heardAt = this.#context.clock.now();
        const { door } = connected;
        door.take(batch.times, rawSamples(batch, door.infos[0], info.channelCount), gapBefore);
      },
      measured: (measurement) => {
        if (connected) this.#measured(connected, measurement);
      },
      lost: () => {
        if (connected) this.#lose(connected);
      },
      recovered: (found) => {
        if (connected) this.#recover(connected, found);
      },
      ended: () => {
        if (connected) this.#drop(connected);
      },
      search: (lost, appeared) => {
        for (const resolver of this.#resolvers.values()) resolver.hurry();
        return this.#searches.begin(lost, appeared);
      },
      // Its own outlet isn't: the connection alone may have broken.
      isTaken: (found) =>
        (this.#streams.has(found.uid) && this.#streams.get(found.uid) !== connected) ||
        !this.#admission.admits(found),
    });
    const full = await inlet.fullInfo();
    requireBounded(full);
    const session = this.#rule(full);
    this.#requireRoom(session);
    connected = this.#connect(inlet, full, { session, openedAt, isSuccessor });
    try {
      await inlet.open();
    } catch (error) {
      this.#sessions.release(session, idsOf(connected));
      throw error;
    }
    if (this.#isClosed || !this.wants(full) || !this.#admission.admits(full)) {
      this.#streams.delete(info.uid);
      connected.door.close('closed');
      this.#release(connected);
      return;
    }
    this.#streams.set(inlet.info.uid, connected);
    const [{ id }] = connected.door.infos;
    this.#tellOpened(connected);
    if (id !== full.name)
      this.#tell(full, 'stream-duplicate', 'info', `is there already; this one is ${id}`, session, id);
    this.#expectSamples(connected, full, session, id);
  }

  #tellOpened({ described, session, door }: Connected): void {
    const simulated = isSimulated(described) ? ', simulated,' : '';
    const fed = `from ${described.hostname}${simulated} feeds session ${session}`;
    this.#tell(described, 'stream-opened', 'info', fed, session, door.infos[0].id);
  }

  #measured(connected: Connected, measurement: ClockMeasurement): void {
    connected.measurement = measurement;
    connected.door.measure(measurement);
  }

  /** An equal stream that was silent when `connected` came, and is: the outlet of a host that vanished without a word, most likely. */
  #silentBefore(connected: Connected): Connected | undefined {
    const { door, identity, isRepeat, openedAt, session } = connected;
    if (!isRepeat || !isMeasured(door.infos[0]) || this.#stall?.isBehind) return undefined;
    for (const other of this.#streams.values()) {
      if (other === 'opening' || other.identity !== identity || other.session !== session) continue;
      if (other.heardAt !== null && other.heardAt < openedAt && other.door.isSilent) return other;
    }
    return undefined;
  }

  /** Takes what is received as `repeat` in anew, in the place of `silent`. */
  #inPlaceOf(silent: Connected, repeat: Connected): Connected {
    const { inlet, described, session, openedAt, measurement } = repeat;
    repeat.door.close('closed');
    for (const timer of repeat.timers) timer.cancel();
    // Still announced, it may come back; not at once.
    this.#refused.set(silent.inlet.info.uid, {
      until: this.#context.clock.now() + RETRY_S,
      why: 'an equal stream took the place in which it was silent',
    });
    this.#drop(silent);
    const connected = this.#connect(inlet, described, { session, openedAt, isSuccessor: true });
    this.#sessions.release(session, idsOf(repeat));
    this.#forget(repeat);
    this.#streams.set(inlet.info.uid, connected);
    if (measurement) this.#measured(connected, measurement);
    this.#tellOpened(connected);
    return connected;
  }

  #connect(
    inlet: StreamInlet,
    full: LslStreamInfo,
    { session, openedAt, isSuccessor }: Pick<Connected, 'session' | 'openedAt'> & { isSuccessor: boolean },
  ): Connected {
    const { clock, events } = this.#context;
    const partsOf = (id: string): CanonicalStream[] => canonicalStreams(declarationOf(full, id));
    const first = partsOf(full.name);
    const shared = this.#sessions.of(session);
    const id = shared.take(
      full.name,
      first.map(({ info }) => info.id),
    );
    const parts = id === full.name ? first : partsOf(id);
    for (const note of parts.flatMap((part) => part.notes)) events({ ...note, session });
    const stall = this.#stall;
    const door = new DoorStream({
      ...{ clock, session, shared, parts, events, isSuccessor, stall },
      isBehind: () => stall?.isBehind ?? false,
      originOf: (stamp) => originOf(stamp, full.hostname),
      emit: (message) => this.#subscriber.next({ session, message }),
    });
    return {
      session,
      inlet,
      described: full,
      door,
      identity: identityOf(full),
      isRepeat: id !== full.name,
      openedAt,
      heardAt: null,
      measurement: null,
      timers: new Set(),
      grace: null,
    };
  }

  #lose(connected: Connected): void {
    connected.grace?.cancel();
    connected.grace = this.#context.clock.after(GRACE_S, () => this.#drop(connected));
  }

  #recover(connected: Connected, { uid }: LslStreamInfo): void {
    connected.grace?.cancel();
    connected.grace = null;
    for (const [before, stream] of this.#streams)
      if (stream === connected) this.#admission.moved(before, uid);
    this.#forget(connected);
    this.#streams.set(uid, connected);
  }

  #forget(connected: Connected): void {
    for (const [uid, stream] of this.#streams) if (stream === connected) this.#streams.delete(uid);
  }

  /** What is open costs memory and time. @throws LslError */
  #requireRoom(session: string): void {
    const { max_session_streams, max_daemon_streams } = defaultIngestLimits;
    if (this.#sessions.has(session) && this.#sessions.of(session).streams >= max_session_streams)
      throw new LslError('refused', `session ${session} has ${max_session_streams} streams open`);
    if (this.#streams.size > max_daemon_streams)
      throw new LslError('refused', `${max_daemon_streams} streams are open`);
  }

  #expectSamples(connected: Connected, info: LslStreamInfo, session: string, id: string): void {
    if (info.nominalRate_hz === 0) return;
    const timer = this.#context.clock.after(SILENT_AFTER_S, () => {
      if (connected.heardAt !== null) return;
      this.#tell(
        info,
        'stream-stale',
        'warn',
        `has sent no sample in ${SILENT_AFTER_S} s: is the device on, and its sensor worn?`,
        session,
        id,
      );
    });
    connected.timers.add(timer);
  }

  /** Over LSL nobody says goodbye: every end but ours counts as lost. */
  #drop(connected: Connected, how: 'closed' | 'cut' = 'cut'): void {
    this.#forget(connected);
    const { session, door, inlet } = connected;
    const told = how === 'cut' ? 'is gone' : 'is asked for no more';
    this.#tell(inlet.info, 'stream-closed', 'info', told, session);
    door.close(how);
    this.#release(connected);
  }

  #release(connected: Connected): void {
    const { inlet, door, timers, grace, session } = connected;
    door.stop();
    owned(inlet.close(), () => {});
    grace?.cancel();
    for (const timer of timers) timer.cancel();
    this.#sessions.release(session, idsOf(connected));
  }

  #tell(
    info: LslStreamInfo,
    code: SessionEvent['code'],
    level: SessionEvent['level'],
    what: string,
    session?: string,
    stream: string = info.name,
  ): void {
    this.#context.events({
      code,
      level,
      message: `LSL stream '${info.name}' (${info.type}) ${what}`,
      stream,
      ...(session === undefined ? {} : { session }),
    });
  }
}

/** @throws LslError of a stream that no sensor has. */
function requireBounded({ channelCount, nominalRate_hz }: LslStreamInfo): void {
  if (channelCount > STREAM_BOUNDS.channels || nominalRate_hz > STREAM_BOUNDS.sfreq)
    throw new LslError(
      'too-large',
      `${channelCount} channels at ${nominalRate_hz} Hz; ${STREAM_BOUNDS.channels} and ${STREAM_BOUNDS.sfreq} are taken`,
    );
}

const receptionOf = (connected: Connected) => ({
  ...{ state: connected.grace ? ('lost' as const) : ('connected' as const), session: connected.session },
  ...{ streams: idsOf(connected), info: connected.inlet.info },
});

const idsOf = ({ door }: Connected): string[] => door.infos.map(({ id }) => id);

/** What stays when a device's outlet restarts. */
function identityOf({ sourceId, name, type, hostname }: LslStreamInfo): string {
  return JSON.stringify([sourceId, name, type, hostname]);
}

function hasLayoutOf(a: LslStreamInfo, b: LslStreamInfo): boolean {
  return a.channelCount === b.channelCount && a.channelFormat === b.channelFormat;
}

/** Whose clock made an outlet's stamps: its machine's, as the Lab Streaming Layer has it, or what counts from 1970. */
function originOf(stamp: Seconds, host: string): StampOrigin {
  const kind = isUnixStamp(stamp) ? 'unix' : 'lsl';
  return { kind, clock: `${kind} of ${host}`, isProbed: kind === 'lsl' };
}
