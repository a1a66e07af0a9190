import { hostname as ownHostname } from 'node:os';
import { concat, defer, from, type Observable, Subject } from 'rxjs';
import type { WebSocket } from 'ws';
import { z } from 'zod';
import { requireAtBorder } from '../../core/border.js';
import type { Clock, Seconds, Timer } from '../../core/clock.js';
import type { EventSink } from '../../core/event.js';
import { NotKeptError } from '../../core/not-kept-error.js';
import { owned } from '../../core/owned.js';
import { isSameStream, type StreamInfo, type StreamMessage } from '../../core/signal.js';
import { type CanonicalStream, canonicalStreams } from '../../signal/dialects/canonical-stream.js';
import type { RawStreamDeclaration } from '../../signal/dialects/raw-stream.js';
import { streamTypeNamed } from '../../signal/dialects/stream-type.js';
import type { StallWatch } from '../../signal/timebase/stall-watch.js';
import type { LastSample } from '../../signal/timebase/stream-clock.js';
import { isUnixStamp } from '../../signal/timebase/unix-stamps.js';
import type { Metrics } from '../../telemetry/metrics.js';
import { CloseCode } from '../protocol/close-code.js';
import {
  type AckParams,
  type ClockKind,
  closeParamsSchema,
  type DeclaredStream,
  type NackParams,
  type OpenResult,
  openParamsSchema,
  type PushParams,
  pushParamsSchema,
  type SkipParams,
  skipParamsSchema,
  streamDeclarationSchema,
} from '../protocol/control.js';
import { ProtocolError } from '../protocol/error-code.js';
import { defaultIngestLimits, type IngestLimits } from '../protocol/limits.js';
import { RpcSocket, rpcMethod } from '../protocol/rpc-socket.js';
import { decodeHeader, decodeSamples } from '../protocol/sample-frame.js';
import { DoorStream, type StampOrigin } from './door/door-stream.js';
import { ReadSocket } from './door/read-socket.js';
import { SharedSessions } from './door/shared-sessions.js';
import { type IngestFrame, IngestStream } from './ingest/ingest-stream.js';
import { type SessionMessage, type Source, sourceDefinition } from './source.js';

export interface WebSocketSourceOptions {
  readonly clock: Clock;
  readonly events: EventSink;
  readonly metrics?: Metrics;
  readonly limits?: Partial<IngestLimits>;
  /** What this door shares with others of each session. Default: nothing. */
  readonly sessions?: SharedSessions;
  /** Knows when we stood still or the machine slept. Default: never. */
  readonly stall?: StallWatch;
  /**
   * Resolves once everything emitted for `session` so far is safe; frames are acknowledged then. Rejects with a {@link NotKeptError} where
   * the last of the `streams` isn't kept, or not yet. Default: at once.
   */
  readonly safe?: (session: string, streams: readonly string[]) => Promise<void> | undefined;
  /** Resolves once `session` can take more; its senders are not read until then. Default: always. */
  readonly busy?: (session: string) => Promise<void> | undefined;
}

/** A stream of a session that the daemon before this one recorded: behind its last frame. */
export interface ContinuedStream extends LastSample {
  /** As the session knows it. */
  readonly info: StreamInfo;
  /** What its sender said of it. */
  readonly declared: string;
  readonly client: string;
  readonly seq: number;
}

interface Sender {
  readonly rpc: RpcSocket;
  readonly socket: ReadSocket;
  /** Unique among connections. */
  readonly name: string;
  /** Its address. */
  readonly hostname: string | undefined;
  readonly streams: Map<number, IngestStream>;
}

/** A frame's. */
type Place = Readonly<AckParams>;
/** What a frame is answered. */
type Receipt = Place | NackParams;

const STREAM_IDS = 0x10000;
/** How often senders are pinged, to know how long what they send is on its way, s. */
const PING_EVERY_S: Seconds = 5;
/** Streams of a daemon that was killed are kept for their senders for so long, s, and sessions wait so long for what those still have. */
const KEPT_S: Seconds = 30;
const AWAITED_S: Seconds = 10;
/** A sender that doesn't answer a ping by then no longer holds its streams against another one, s. */
const ANSWERS_WITHIN_S: Seconds = 5;

/**
 * Streams that devices push over `/v1/ingest`. A stream outlives its connection by a grace period if its client has a
 * name; a session ends with its last stream. Frames are taken only while someone is subscribed to {@link messages$}.
 */
export class WebSocketSource implements Source {
  /** A late subscriber first gets the `open` of every stream that delivers. */
  readonly messages$: Observable<SessionMessage>;
  readonly limits: IngestLimits;
  readonly #options: WebSocketSourceOptions;
  readonly #subject = new Subject<SessionMessage>();
  readonly #sessions: SharedSessions;
  readonly #bySession = new Map<string, Set<IngestStream>>();
  readonly #streams = new Map<number, IngestStream>();
  readonly #senders = new Set<Sender>();
  readonly #feeders = new Map<IngestStream, Sender>();
  readonly #pings: Timer;
  #connections = 0;
  #nextId = 0;

  constructor(options: WebSocketSourceOptions) {
    this.#options = options;
    this.limits = { ...defaultIngestLimits, ...options.limits };
    this.#sessions = options.sessions ?? new SharedSessions();
    this.#pings = options.clock.every(PING_EVERY_S, () => {
      for (const sender of this.#senders) this.#ping(sender);
    });
    const opened = () =>
      from([...this.#streams.values()].filter(({ door }) => door.isOpen).flatMap(openings));
    this.messages$ = defer(() => concat(opened(), this.#subject));
  }

  /** Sessions that have a stream. */
  get sessions(): readonly string[] {
    return [...this.#bySession.keys()];
  }

  /**
   * Goes on with streams of a session that the daemon before this one took in, if they are what it makes of what their senders said;
   * gives those that are. They are kept for their senders, which send what isn't had yet.
   */
  goOn(name: string, streams: readonly ContinuedStream[]): readonly ContinuedStream[] {
    const sockets = new Map<string, ReadSocket>();
    return continuedParts(streams).flatMap(({ own, declaration, parts, kept }) => {
      const [{ client, seq, info }] = kept;
      const from = { name: client, hostname: info.hostname };
      const stream = this.#create(name, client, declaration, from, { own, parts });
      stream.door.goOn(
        kept.map((part) => part.info),
        kept[0],
      );
      stream.goOn(seq);
      const { clock } = this.#options;
      stream.grace = clock.after(KEPT_S, () => this.#end(stream, 'cut'));
      const shared = this.#sessions.of(name);
      shared.awaits(stream, true);
      clock.after(AWAITED_S, () => shared.awaits(stream, false));
      const socket = sockets.get(client) ?? new ReadSocket();
      sockets.set(client, socket);
      shared.comesThrough(kept[0].info.id, socket, clock.now());
      socket.cut(clock.now());
      return kept;
    });
  }

  /** Serves one connection until it closes. Its `maxPayload` should be {@link IngestLimits.max_frame_bytes}. */
  accept(socket: WebSocket, from: string, hostname?: string): void {
    const { clock, metrics } = this.#options;
    const name = `connection ${++this.#connections}`;
    const streams = new Map<number, IngestStream>();
    const read = new ReadSocket();
    const rpc = new RpcSocket(socket, {
      clock,
      messages_per_s: this.limits.frames_per_s,
      methods: {
        open: rpcMethod(openParamsSchema, (params) => this.#open(sender, params), {
          bound: (params) => requireFewChannels(params, this.limits),
        }),
        push: rpcMethod(pushParamsSchema, (params) => this.#push(sender, params), {
          bound: (params) => requireFewValues(params, this.limits),
        }),
        skip: rpcMethod(skipParamsSchema, (params) => this.#skip(sender, params)),
        close: rpcMethod(closeParamsSchema, ({ stream }) => this.#closeByRequest(sender, stream)),
      },
      binary: (bytes) => this.#binary(sender, bytes),
      onError: (error) => {
        metrics?.protocolErrors.inc({ path: 'ingest', code: error.code });
        refused(sender, error);
      },
      onThrottle: () => metrics?.throttled.inc({ path: 'ingest' }),
      onRead: (isRead) => (isRead ? read.read(clock.now()) : read.pause(clock.now())),
      onClose: () => this.#disconnected(sender),
      onFault: (error) => this.#fault(from, error),
    });
    const sender: Sender = { rpc, socket: read, name, hostname, streams };
    this.#senders.add(sender);
    metrics?.ingestConnections.inc();
  }

  /** Closes every connection with 1001, and every stream. */
  async close(): Promise<void> {
    this.#pings.cancel();
    for (const { rpc } of this.#senders) rpc.close(CloseCode.goingAway, 'the daemon stops');
    for (const stream of [...this.#streams.values()]) this.#end(stream);
    this.#subject.complete();
  }

  #open(sender: Sender, params: z.output<typeof openParamsSchema>): OpenResult | Promise<OpenResult> {
    this.#requireSubscriber();
    const { session, client = null } = params;
    const declaration = withMetadata(params);
    const held = this.#held(session, declaration);
    const elsewhere = held.filter((stream) => this.#feeders.get(stream) !== sender);
    const own = elsewhere.find((stream) => client !== null && stream.client === client);
    // The client's old connection may linger half open: the new one takes the stream over.
    if (own) return this.#takeOver(sender, own, params, declaration);
    if (elsewhere.length > 0 && elsewhere.length === held.length)
      return this.#takeFrom(sender, elsewhere[0], () => this.#open(sender, params));
    return this.#begin(sender, session, client, declaration);
  }

  /** The session's streams that are called and made as a declared one is. */
  #held(session: string, { name, type, source_id }: DeclaredStream): IngestStream[] {
    return [...(this.#bySession.get(session) ?? [])].filter(
      ({ declaration: known }) => known.name === name && known.type === type && known.source_id === source_id,
    );
  }

  #begin(sender: Sender, session: string, client: string | null, declaration: DeclaredStream): OpenResult {
    this.#requireRoom(session);
    this.#requireFewStreams(sender);
    const stream = this.#create(session, client, declaration, sender);
    return this.#feed(sender, stream, false);
  }

  #takeOver(
    sender: Sender,
    stream: IngestStream,
    { resume }: z.output<typeof openParamsSchema>,
    declaration: DeclaredStream,
  ): OpenResult {
    if (resume && sameLayout(stream, declaration)) {
      this.#requireFewStreams(sender);
      return this.#feed(sender, stream, true);
    }
    const { session, client } = stream;
    this.#end(stream);
    return this.#begin(sender, session, client, declaration);
  }

  /** Another client holds the stream: it keeps it as long as it answers. @throws ProtocolError `stream-taken`. */
  async #takeFrom(
    sender: Sender,
    stream: IngestStream,
    open: () => OpenResult | Promise<OpenResult>,
  ): Promise<OpenResult> {
    const holder = this.#feeders.get(stream);
    const trip_s = await holder?.rpc.ping(ANSWERS_WITHIN_S);
    if (!this.#senders.has(sender)) throw new ProtocolError('not-ready', 'the connection closed meanwhile');
    if (holder && trip_s !== null && this.#streams.get(stream.id) === stream) {
      const { name, type } = stream.declaration;
      throw new ProtocolError(
        'stream-taken',
        `session ${stream.session} has a stream '${name}' (${type}) of another client, which answers: give yours another name, source id or session`,
      );
    }
    this.#end(stream, 'cut');
    return open();
  }

  #feed(sender: Sender, stream: IngestStream, resumed: boolean): OpenResult {
    stream.grace?.cancel();
    stream.grace = null;
    this.#feeders.get(stream)?.streams.delete(stream.id);
    this.#feeders.set(stream, sender);
    sender.streams.set(stream.id, stream);
    const { id, session, acknowledged, next_seq, door } = stream;
    this.#sessions.of(session).awaits(stream, false);
    this.#sessions.of(session).comesThrough(door.infos[0].id, sender.socket, this.#options.clock.now());
    return { stream: id, session, last_seq: acknowledged, next_seq, resumed, limits: this.limits };
  }

  /** `known`: what the session calls a stream that goes on. */
  #create(
    name: string,
    client: string | null,
    declaration: DeclaredStream,
    sender: Pick<Sender, 'name' | 'hostname'>,
    known?: { readonly own: string; readonly parts: readonly CanonicalStream[] },
  ): IngestStream {
    while (this.#streams.has(this.#nextId)) this.#nextId = (this.#nextId + 1) % STREAM_IDS;
    const id = this.#nextId;
    this.#nextId = (id + 1) % STREAM_IDS;
    const { clock, events } = this.#options;
    const { hostname } = sender;
    const partsOf = (own: string): CanonicalStream[] => canonicalParts(declaration, own, client, hostname);
    const session = this.#sessions.of(name);
    const first = known?.parts ?? partsOf(declaration.name);
    const own = session.take(
      known?.own ?? declaration.name,
      first.map(({ info }) => info.id),
    );
    const parts = known || own === declaration.name ? first : partsOf(own);
    for (const note of parts.flatMap((part) => part.notes)) events({ ...note, session: name });
    const door = new DoorStream({
      ...{ clock, shared: session, session: name, parts, events },
      stall: this.#options.stall,
      ...(client !== null && { declared: JSON.stringify(declaration) }),
      isBehind: () => this.#isBehind(stream),
      originOf: (stamp) => originOf(declaration.clock, stamp, client ?? sender.name, hostOf(sender)),
      emit: (message) => this.#emit(name, message),
    });
    const stream: IngestStream = new IngestStream(id, name, client, declaration, isText(declaration), door);
    const streams = this.#bySession.get(name) ?? new Set();
    this.#bySession.set(name, streams.add(stream));
    this.#streams.set(id, stream);
    this.#options.metrics?.ingestStreams.inc();
    this.#tell('stream-opened', stream, 'opened');
    if (!known && own !== declaration.name)
      events({
        code: 'stream-duplicate',
        level: 'info',
        message: `stream '${declaration.name}' (${declaration.type}) is open already; this one is ${own}`,
        session: name,
        stream: own,
      });
    return stream;
  }

  /** Whether we are late to look at what comes of a stream. */
  #isBehind(stream: IngestStream): boolean {
    const { clock, stall } = this.#options;
    const socket = this.#feeders.get(stream)?.socket;
    return stall?.isBehind || (socket?.isAwaited(stream.session, clock.now()) ?? false);
  }

  #requireFewStreams(sender: Sender): void {
    if (sender.streams.size >= this.limits.max_streams)
      throw new ProtocolError(
        'too-many-streams',
        `a connection may have ${this.limits.max_streams} streams open`,
      );
  }

  /** What is open costs memory and time, whoever opened it. */
  #requireRoom(name: string): void {
    const { max_sessions, max_session_streams, max_daemon_streams } = this.limits;
    // One whose last stream was cut lives on for a while, and costs as much.
    if (!this.#sessions.has(name) && this.#sessions.size >= max_sessions)
      throw new ProtocolError('too-many-sessions', `the daemon has ${max_sessions} sessions`);
    if (this.#sessions.has(name) && this.#sessions.of(name).streams >= max_session_streams)
      throw new ProtocolError('too-many-streams', `session ${name} has ${max_session_streams} streams open`);
    if (this.#streams.size >= max_daemon_streams)
      throw new ProtocolError('too-many-streams', `the daemon has ${max_daemon_streams} streams open`);
  }

  #push(sender: Sender, params: PushParams): Promise<unknown> | unknown {
    const place = { stream: params.stream, seq: params.seq };
    return this.#take(sender, place, (stream) => {
      const samples = params.data.length;
      const channels = stream.declaration.channels.length;
      const odd = params.data.find((sample) => sample.length !== channels);
      if (odd)
        throw new ProtocolError(
          'channel-count',
          `a sample of ${odd.length} values; the stream has ${channels} channels`,
        );
      const { values, texts } = numbersOf(params.data, channels);
      if (texts > 0 && texts < values.length)
        throw new ProtocolError('value-type', 'text and numbers in one frame');
      return {
        seq: params.seq,
        t0: params.t0 ?? Number.NaN,
        times: params.times ? Float64Array.from(params.times) : null,
        samples,
        values: texts > 0 ? new Float64Array(0) : values,
        text: texts > 0 ? params.data.map((sample) => String(sample[0])) : null,
      };
    });
  }

  #binary(sender: Sender, bytes: Uint8Array): void {
    const { stream: id, seq } = decodeHeader(bytes);
    const taken = this.#take(sender, { stream: id, seq }, (stream) => {
      const frame = decodeSamples(bytes, stream.declaration.channels.length);
      const samples = frame.data.length / stream.declaration.channels.length;
      return { seq, t0: frame.t0, times: frame.times, samples, values: frame.data, text: null };
    });
    if (taken instanceof Promise) taken.catch((error: unknown) => this.#fault(sender.name, error));
  }

  /** Takes one frame and acknowledges it once it is safe. Errors say which stream and frame they are about. */
  #take(
    sender: Sender,
    place: Place,
    read: (stream: IngestStream) => IngestFrame,
  ): Promise<Receipt> | Receipt {
    try {
      const stream = this.#streamOf(sender, place.stream);
      this.#requireSubscriber();
      const isNext = stream.place(place.seq) === 'next';
      if (isNext) {
        this.#accept(stream, read(stream));
        const { infos, lateness_s } = stream.door;
        this.#sessions.of(stream.session).came(infos[0].id, lateness_s, this.#options.clock.now());
      }
      const busy = this.#options.busy?.(stream.session);
      if (busy) {
        sender.rpc.hold(busy);
        sender.socket.holdFor(stream.session);
      }
      // Who sends a refused frame again asks what became of all since.
      const asked = isNext || !stream.isRefusing ? place : { ...place, seq: stream.newest(place.seq) };
      return this.#acknowledge(sender, stream, asked, isNext);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      throw new ProtocolError(error.code, error.message, { ...error.place, ...place });
    }
  }

  #accept(stream: IngestStream, frame: IngestFrame): void {
    if (frame.samples > this.limits.max_samples)
      throw new ProtocolError(
        'too-many-samples',
        `${frame.samples} samples; a frame may have ${this.limits.max_samples}`,
      );
    if (frame.text && frame.samples > this.limits.max_markers)
      throw new ProtocolError(
        'too-many-samples',
        `${frame.samples} markers; a frame may have ${this.limits.max_markers}`,
      );
    stream.take(frame, this.limits.max_gaps);
    this.#options.metrics?.ingestSamples.inc(frame.samples);
  }

  /** Answers a frame once it is known whether it is kept; `isNew`: it was taken just now. */
  #acknowledge(
    sender: Sender,
    stream: IngestStream,
    place: Place,
    isNew: boolean,
  ): Promise<Receipt> | Receipt {
    const { session, door } = stream;
    const safe = (): Promise<void> | undefined => this.#options.safe?.(session, idsOf(stream));
    const isSafe = door.settled ? door.settled.then(safe) : safe();
    if (!isSafe) return this.#kept(sender, stream, place);
    // Frames are answered in order, as an ack vouches for everything before it.
    const before = stream.safe;
    const done = isSafe.then(
      () => before.then(() => this.#kept(sender, stream, place)),
      (error: unknown) => before.then(() => this.#notKept(sender, stream, place, error, isNew)),
    );
    stream.safe = done.then(
      () => {},
      () => {},
    );
    return done;
  }

  #kept(sender: Sender, stream: IngestStream, place: Place): Receipt {
    const lost = stream.lostBefore(place.seq);
    if (lost) return this.#refuse(sender, stream, { ...place, code: lost.code, held: !lost.isLost });
    const { acknowledged, next_seq } = stream;
    requireAtBorder(
      ((place.seq - next_seq) | 0) < 0,
      () => `frame ${place.seq} is to be acknowledged where ${next_seq} is the next to come`,
    );
    if (acknowledged === null || ((place.seq - acknowledged) | 0) > 0) stream.acknowledged = place.seq;
    stream.isRefusing = false;
    sender.rpc.notify('ack', place);
    this.#options.metrics?.ingestAcks.inc();
    return place;
  }

  #notKept(sender: Sender, stream: IngestStream, place: Place, error: unknown, isNew: boolean): Receipt {
    if (!(error instanceof NotKeptError)) throw error;
    if (isNew && !error.isHeld) stream.lose(place.seq, error.code);
    const isLost = stream.lostBefore(place.seq)?.isLost === true;
    return this.#refuse(sender, stream, { ...place, code: error.code, held: !isLost });
  }

  #refuse(sender: Sender, stream: IngestStream, refusal: NackParams): Receipt {
    stream.isRefusing = true;
    sender.rpc.notify('nack', refusal);
    this.#options.metrics?.ingestNacks.inc({ code: refusal.code });
    return refusal;
  }

  #skip(sender: Sender, { stream: id, from, to }: SkipParams): { stream: number; to: number } {
    const stream = this.#streamOf(sender, id);
    const missing = stream.skip(from, to);
    if (missing > 0)
      this.#options.events({
        ...{ code: 'samples-lost', level: 'warn', session: stream.session, stream: stream.door.infos[0].id },
        message: `stream '${stream.declaration.name}': its sender gave up ${missing} frames that were not sent`,
      });
    return { stream: id, to };
  }

  #closeByRequest(sender: Sender, id: number): { stream: number } {
    this.#end(this.#streamOf(sender, id));
    return { stream: id };
  }

  #streamOf(sender: Sender, id: number): IngestStream {
    const stream = sender.streams.get(id);
    if (!stream) throw new ProtocolError('unknown-stream', `no stream ${id} is open on this connection`);
    return stream;
  }

  #disconnected(sender: Sender): void {
    this.#senders.delete(sender);
    sender.socket.cut(this.#options.clock.now());
    this.#options.metrics?.ingestConnections.dec();
    for (const stream of sender.streams.values()) {
      this.#feeders.delete(stream);
      if (stream.client === null) this.#end(stream, 'cut');
      else stream.grace = this.#options.clock.after(this.limits.grace_s, () => this.#end(stream, 'cut'));
    }
  }

  #end(stream: IngestStream, how: 'closed' | 'cut' = 'closed'): void {
    if (this.#streams.get(stream.id) !== stream) return;
    this.#sessions.of(stream.session).awaits(stream, false);
    stream.grace?.cancel();
    this.#streams.delete(stream.id);
    this.#feeders.get(stream)?.streams.delete(stream.id);
    this.#feeders.delete(stream);
    const streams = this.#bySession.get(stream.session)!;
    streams.delete(stream);
    if (streams.size === 0) this.#bySession.delete(stream.session);
    this.#options.metrics?.ingestStreams.dec();
    this.#tell('stream-closed', stream, 'closed');
    stream.door.close(how);
    this.#sessions.release(stream.session, idsOf(stream));
  }

  #tell(code: 'stream-opened' | 'stream-closed', stream: IngestStream, did: string): void {
    const { name, type } = stream.declaration;
    const { session } = stream;
    const message = `stream '${name}' (${type}) ${did} over WebSocket`;
    this.#options.events({ code, level: 'info', message, session, stream: stream.door.infos[0].id });
  }

  #emit(session: string, message: StreamMessage): void {
    this.#subject.next({ session, message });
  }

  #requireSubscriber(): void {
    if (!this.#subject.observed) throw new ProtocolError('not-ready', 'no pipeline takes data at the moment');
  }

  #ping(sender: Sender): void {
    owned(
      sender.rpc.ping(PING_EVERY_S).then((trip_s) => {
        if (trip_s === null || Number.isNaN(trip_s)) return;
        for (const { door } of sender.streams.values()) door.roundTrip(trip_s);
      }),
      (error) => this.#fault(sender.name, error),
    );
  }

  #fault(from: string, error: unknown): void {
    this.#options.events({
      code: 'connection-failed',
      level: 'error',
      message: `fault while serving ${from}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
    });
  }
}

/** Codes after which the same frame may come again: it was not looked at. */
const notLookedAt: ReadonlySet<string> = new Set(['seq-gap', 'not-ready', 'unknown-stream']);

function refused(sender: Sender, error: ProtocolError): void {
  const { stream, seq } = error.place;
  if (typeof stream !== 'number' || typeof seq !== 'number' || notLookedAt.has(error.code)) return;
  sender.streams.get(stream)?.refuse(seq);
}

function openings({ session, door }: IngestStream): SessionMessage[] {
  return door.infos.map((info) => ({ session, message: { kind: 'open', info } }));
}

const idsOf = ({ door }: IngestStream): string[] => door.infos.map(({ id }) => id);

/** A machine's clocks are told by its name, this one's as the Lab Streaming Layer names it. */
function hostOf({ hostname, name }: Pick<Sender, 'name' | 'hostname'>): string {
  return hostname === undefined
    ? name
    : /^(127\.|::1$|::ffff:127\.)/.test(hostname)
      ? ownHostname()
      : hostname;
}

/** Whose clock made stamps: of those that their sender doesn't name, the first one tells what it counts from. */
function originOf(
  declared: ClockKind | undefined,
  stamp: Seconds,
  sender: string,
  host: string,
): StampOrigin {
  const kind = declared ?? (isUnixStamp(stamp) ? 'unix' : 'session');
  const owner = { session: '', unix: ` of ${host}`, lsl: ` of ${host}`, device: ` of ${sender}` }[kind];
  return { kind, clock: `${kind}${owner}`, isGuessed: declared === undefined };
}

/** [n * C] values, missing ones and texts NaN; and how many are text. */
function numbersOf(
  data: PushParams['data'],
  channels: number,
): { readonly values: Float64Array; readonly texts: number } {
  const values = new Float64Array(data.length * channels);
  let texts = 0;
  let i = 0;
  for (const sample of data)
    for (const value of sample) {
      if (typeof value === 'string') texts++;
      values[i++] = typeof value === 'number' ? value : Number.NaN;
    }
  return { values, texts };
}

/** Before each channel is looked at. */
function requireFewChannels(params: unknown, { max_channels }: IngestLimits): void {
  const { stream } = (params ?? {}) as { readonly stream?: { readonly channels?: unknown } | null };
  const count = lengthOf(stream?.channels);
  if (count > max_channels)
    throw new ProtocolError('too-many-channels', `${count} channels; a stream may have ${max_channels}`);
}

/** Before each value is looked at. */
function requireFewValues(params: unknown, { max_json_values, max_samples }: IngestLimits): void {
  const { times, data } = (params ?? {}) as { readonly times?: unknown; readonly data?: unknown };
  const samples = lengthOf(data);
  if (samples > max_samples)
    throw new ProtocolError('too-many-samples', `${samples} samples; a frame may have ${max_samples}`);
  let count = lengthOf(times);
  if (Array.isArray(data)) for (const sample of data) count += lengthOf(sample);
  if (count > max_json_values)
    throw new ProtocolError(
      'too-many-values',
      `${count} values and stamps; a push may have ${max_json_values}: split it, or send binary frames`,
    );
}

function lengthOf(value: unknown): number {
  return Array.isArray(value) ? value.length : 0;
}

function sameLayout(stream: IngestStream, declaration: DeclaredStream): boolean {
  return JSON.stringify(stream.declaration) === JSON.stringify(declaration);
}

function withMetadata(params: z.output<typeof openParamsSchema>): DeclaredStream {
  const { session: _session, client: _client, resume: _resume, stream, ...metadata } = params;
  return { ...metadata, ...stream };
}

const isText = ({ type }: DeclaredStream): boolean => streamTypeNamed(type) === 'Markers';

/** The streams of a session that a declared one is, where it is called `own`. */
function canonicalParts(
  declaration: DeclaredStream,
  own: string,
  client: string | null,
  hostname: string | undefined,
): CanonicalStream[] {
  const from = { ...(client !== null && { client }), ...(hostname !== undefined && { hostname }) };
  return canonicalStreams({ ...rawDeclaration(declaration, own, isText(declaration)), ...from });
}

interface ContinuedParts {
  readonly own: string;
  readonly declaration: DeclaredStream;
  readonly parts: readonly CanonicalStream[];
  /** What is known of each part. */
  readonly kept: readonly ContinuedStream[];
}

/** Declared streams of which all parts go on. */
function continuedParts(streams: readonly ContinuedStream[]): ContinuedParts[] {
  const byId = new Map(streams.map((stream) => [stream.info.id, stream]));
  const found: ContinuedParts[] = [];
  for (const stream of streams) {
    if (!byId.has(stream.info.id)) continue;
    const { declared, client, info, seq } = stream;
    const declaration = declarationIn(declared);
    if (!declaration) continue;
    const { name } = declaration;
    const ends = canonicalParts(declaration, name, client, info.hostname).map((part) =>
      part.info.id.slice(name.length),
    );
    const end = ends.find((one) => info.id.endsWith(one) && info.id.length > one.length);
    if (end === undefined) continue;
    const own = info.id.slice(0, info.id.length - end.length);
    const parts = canonicalParts(declaration, own, client, info.hostname);
    const kept = parts.flatMap((part) => byId.get(part.info.id) ?? []);
    const isWhole = kept.length === parts.length && kept.every((one, i) => isPart(one, stream, parts[i]));
    if (!isWhole || kept.some((one) => one.seq !== seq)) continue;
    for (const one of kept) byId.delete(one.info.id);
    found.push({ own, declaration, parts, kept });
  }
  return found;
}

/** Whether what is known of a stream is that part of what its sender declared. */
function isPart(
  kept: ContinuedStream,
  { declared, client }: ContinuedStream,
  { info }: CanonicalStream,
): boolean {
  const isSender = kept.declared === declared && kept.client === client;
  return isSender && isSameStream(kept.info, { ...info, sfreq: kept.info.sfreq });
}

function declarationIn(declared: string): DeclaredStream | null {
  try {
    const declaration: unknown = JSON.parse(declared);
    // As it was told: its sender declares it again in the same words.
    return streamDeclarationSchema.safeParse(declaration).success ? (declaration as DeclaredStream) : null;
  } catch {
    return null;
  }
}

function rawDeclaration(declaration: DeclaredStream, id: string, text: boolean): RawStreamDeclaration {
  return {
    id,
    name: declaration.name,
    type: declaration.type,
    sourceId: declaration.source_id ?? '',
    sfreq: declaration.sfreq,
    text,
    screen: declaration.screen,
    simulated: declaration.simulated,
    ...(declaration.device !== undefined && { dialect: declaration.device }),
    channels: declaration.channels.map((channel) => {
      const { label, unit, type } = typeof channel === 'string' ? { label: channel } : channel;
      return { label, unit: unit ?? declaration.unit ?? '', type: type ?? '' };
    }),
  };
}

export const webSocketSource = sourceDefinition<Record<string, never>>({
  type: 'websocket',
  summary: 'Streams that devices push over the ingest WebSocket.',
  params: z.strictObject({}),
  create: (_params, { clock, events }) => new WebSocketSource({ clock, events }),
});
