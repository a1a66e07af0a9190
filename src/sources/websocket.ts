import { concat, defer, from, type Observable, Subject } from 'rxjs';
import type { WebSocket } from 'ws';
import { z } from 'zod';
import type { Clock } from '../core/clock.js';
import type { EventSink } from '../core/event.js';
import type { StreamMessage } from '../core/signal.js';
import { canonicalStreams } from '../dialects/canonical-stream.js';
import type { RawStreamDeclaration } from '../dialects/raw-stream.js';
import { streamTypeNamed } from '../dialects/stream-type.js';
import { CloseCode } from '../protocol/close-code.js';
import {
  closeParamsSchema,
  type DeclaredStream,
  type OpenResult,
  openParamsSchema,
  type PushParams,
  pushParamsSchema,
} from '../protocol/control.js';
import { ProtocolError } from '../protocol/error-code.js';
import { defaultIngestLimits, type IngestLimits } from '../protocol/limits.js';
import { RpcSocket, rpcMethod } from '../protocol/rpc-socket.js';
import { decodeHeader, decodeSamples } from '../protocol/sample-frame.js';
import type { Metrics } from '../telemetry/metrics.js';
import { type IngestFrame, IngestStream } from './ingest/ingest-stream.js';
import { TimeBase } from './ingest/time-base.js';
import { type SessionMessage, type Source, sourceDefinition } from './source.js';

export interface WebSocketSourceOptions {
  readonly clock: Clock;
  readonly events: EventSink;
  readonly metrics?: Metrics;
  readonly limits?: Partial<IngestLimits>;
  /** Resolves once everything emitted for `session` so far is safe; frames are acknowledged then. Default: at once. */
  readonly safe?: (session: string) => Promise<void> | undefined;
  /** Resolves once `session` can take more; its senders are not read until then. Default: always. */
  readonly busy?: (session: string) => Promise<void> | undefined;
}

interface Session {
  readonly timeBase: TimeBase;
  readonly streams: Set<IngestStream>;
}

interface Sender {
  readonly rpc: RpcSocket;
  /** Unique among connections. */
  readonly name: string;
  /** Its address. */
  readonly hostname: string | undefined;
  readonly streams: Map<number, IngestStream>;
}

const STREAM_IDS = 0x10000;

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
  readonly #sessions = new Map<string, Session>();
  readonly #streams = new Map<number, IngestStream>();
  readonly #senders = new Set<Sender>();
  readonly #feeders = new Map<IngestStream, Sender>();
  #connections = 0;
  #nextId = 0;

  constructor(options: WebSocketSourceOptions) {
    this.#options = options;
    this.limits = { ...defaultIngestLimits, ...options.limits };
    const opened = () =>
      from([...this.#streams.values()].filter((stream) => stream.alignment !== null).flatMap(openings));
    this.messages$ = defer(() => concat(opened(), this.#subject));
  }

  /** Sessions that have a stream. */
  get sessions(): readonly string[] {
    return [...this.#sessions.keys()];
  }

  /** Serves one connection until it closes. Its `maxPayload` should be {@link IngestLimits.max_frame_bytes}. */
  accept(socket: WebSocket, from: string, hostname?: string): void {
    const { clock, metrics } = this.#options;
    const name = `connection ${++this.#connections}`;
    const streams = new Map<number, IngestStream>();
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
        close: rpcMethod(closeParamsSchema, ({ stream }) => this.#closeByRequest(sender, stream)),
      },
      binary: (bytes) => this.#binary(sender, bytes),
      onError: (error) => {
        metrics?.protocolErrors.inc({ path: 'ingest', code: error.code });
        refused(sender, error);
      },
      onThrottle: () => metrics?.throttled.inc({ path: 'ingest' }),
      onClose: () => this.#disconnected(sender),
      onFault: (error) => this.#fault(from, error),
    });
    const sender: Sender = { rpc, name, hostname, streams };
    this.#senders.add(sender);
    metrics?.ingestConnections.inc();
  }

  /** Closes every connection with 1001, and every stream. */
  async close(): Promise<void> {
    for (const { rpc } of this.#senders) rpc.close(CloseCode.goingAway, 'the daemon stops');
    for (const stream of [...this.#streams.values()]) this.#end(stream);
    this.#subject.complete();
  }

  #open(sender: Sender, params: z.output<typeof openParamsSchema>): OpenResult {
    this.#requireSubscriber();
    const { session, client = null } = params;
    const declaration = withMetadata(params);
    const existing = [...(this.#sessions.get(session)?.streams ?? [])].find(
      (stream) =>
        stream.declaration.name === declaration.name &&
        ((client !== null && stream.client === client) || !this.#feeders.has(stream)),
    );
    const resumed =
      existing !== undefined &&
      params.resume &&
      existing.client === client &&
      sameLayout(existing, declaration);
    if (existing && !resumed) this.#end(existing);
    if (!resumed) this.#requireRoom(session);
    if (sender.streams.size >= this.limits.max_streams && !(resumed && sender.streams.has(existing.id)))
      throw new ProtocolError(
        'too-many-streams',
        `a connection may have ${this.limits.max_streams} streams open`,
      );
    const stream = resumed ? existing : this.#create(session, client, declaration, sender.hostname);
    stream.grace?.cancel();
    stream.grace = null;
    // The client's old connection may linger half open: the new one takes the stream over.
    this.#feeders.get(stream)?.streams.delete(stream.id);
    this.#feeders.set(stream, sender);
    sender.streams.set(stream.id, stream);
    return { stream: stream.id, session, last_seq: stream.acknowledged, resumed, limits: this.limits };
  }

  #create(
    sessionName: string,
    client: string | null,
    declaration: DeclaredStream,
    hostname: string | undefined,
  ): IngestStream {
    while (this.#streams.has(this.#nextId)) this.#nextId = (this.#nextId + 1) % STREAM_IDS;
    const id = this.#nextId;
    this.#nextId = (id + 1) % STREAM_IDS;
    const session = this.#sessions.get(sessionName) ?? { timeBase: new TimeBase(), streams: new Set() };
    const text = streamTypeNamed(declaration.type) === 'Markers';
    const taken = new Set([...session.streams].flatMap((stream) => stream.infos.map((info) => info.id)));
    const sender = { ...(client !== null && { client }), ...(hostname !== undefined && { hostname }) };
    const partsOf = (id: string) => canonicalStreams({ ...rawDeclaration(declaration, id, text), ...sender });
    const { name } = declaration;
    const first = partsOf(name);
    // What follows the declared name in the ids of its parts: they are made once more at most, however many share the name.
    const ends = first.map((part) => part.info.id.slice(name.length));
    const isTaken = (own: string): boolean => ends.some((end) => taken.has(`${own}${end}`));
    let own = name;
    for (let n = 2; isTaken(own); n++) own = `${name}#${n}`;
    const parts = own === name ? first : partsOf(own);
    for (const note of parts.flatMap((part) => part.notes))
      this.#options.events({ ...note, session: sessionName });
    const stream = new IngestStream(id, sessionName, client, declaration, parts, text);
    this.#sessions.set(sessionName, session);
    session.streams.add(stream);
    this.#streams.set(id, stream);
    this.#options.metrics?.ingestStreams.inc();
    this.#tell('stream-opened', stream, 'opened');
    return stream;
  }

  /** What is open costs memory and time, whoever opened it. */
  #requireRoom(name: string): void {
    const { max_sessions, max_session_streams, max_daemon_streams } = this.limits;
    const session = this.#sessions.get(name);
    if (!session && this.#sessions.size >= max_sessions)
      throw new ProtocolError('too-many-sessions', `the daemon has ${max_sessions} sessions`);
    if (session && session.streams.size >= max_session_streams)
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
    place: { stream: number; seq: number },
    read: (stream: IngestStream) => IngestFrame,
  ): Promise<typeof place> | typeof place {
    try {
      const stream = this.#streamOf(sender, place.stream);
      this.#requireSubscriber();
      if (stream.place(place.seq) === 'next') this.#accept(sender, stream, read(stream));
      const busy = this.#options.busy?.(stream.session);
      if (busy) sender.rpc.hold(busy);
      return this.#acknowledge(sender, stream, place);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      throw new ProtocolError(error.code, error.message, { ...error.place, ...place });
    }
  }

  #accept(sender: Sender, stream: IngestStream, frame: IngestFrame): void {
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
    const stamps = stream.stamps(frame, this.limits.max_gaps);
    const { timeBase } = this.#sessions.get(stream.session)!;
    const first = stamps.length > 0 ? stamps[0] : Number.NaN;
    const fresh = stream.alignment === null && stamps.length > 0;
    const alignment =
      stream.alignment ?? timeBase.align(stream.declaration.clock, stream.client ?? sender.name, first);
    this.#requirePlausible(stamps, alignment.offset_s, timeBase.newest);
    if (fresh) {
      stream.align(alignment);
      if (alignment.aligned === 'assumed') this.#tellAssumed(stream, alignment.kind, alignment.offset_s);
      for (const message of openings(stream)) this.#subject.next(message);
    }
    if (stamps.length === 0) return void stream.accept(frame, stamps);
    for (const chunk of stream.accept(frame, stamps)) this.#emit(stream, { kind: 'chunk', chunk });
    frame.text?.forEach((value, i) => {
      this.#emit(stream, { kind: 'marker', marker: { stream: stream.infos[0].id, time: stamps[i], value } });
    });
    timeBase.advance(stamps[stamps.length - 1]);
    this.#options.metrics?.ingestSamples.inc(frame.samples);
  }

  /** A jump of years would have the pipeline close windows for all of them. */
  #requirePlausible(stamps: Float64Array, offset_s: number, newest: number): void {
    let before = newest;
    for (const stamp of stamps) {
      const time = stamp + offset_s;
      if (Math.abs(time - before) > this.limits.max_jump_s && Number.isFinite(before))
        throw new ProtocolError(
          'times-jump',
          `stamp ${stamp} s lies ${(time - before).toFixed(0)} s from the data before it; ${this.limits.max_jump_s} s are allowed`,
        );
      before = time;
    }
  }

  #acknowledge<P extends { stream: number; seq: number }>(
    sender: Sender,
    stream: IngestStream,
    place: P,
  ): Promise<P> | P {
    const answer = () => {
      const { acknowledged } = stream;
      if (acknowledged === null || ((place.seq - acknowledged) | 0) > 0) stream.acknowledged = place.seq;
      sender.rpc.notify('ack', place);
      this.#options.metrics?.ingestAcks.inc();
      return place;
    };
    const safe = this.#options.safe?.(stream.session);
    if (!safe) return answer();
    // Frames are acknowledged in order, as an ack vouches for everything before it.
    const done = Promise.all([stream.safe, safe]).then(answer);
    stream.safe = done.then(() => undefined);
    stream.safe.catch(() => {});
    return done;
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
    this.#options.metrics?.ingestConnections.dec();
    for (const stream of sender.streams.values()) {
      this.#feeders.delete(stream);
      if (stream.client === null) this.#end(stream, 'cut');
      else stream.grace = this.#options.clock.after(this.limits.grace_s, () => this.#end(stream, 'cut'));
    }
  }

  #end(stream: IngestStream, how: 'closed' | 'cut' = 'closed'): void {
    if (this.#streams.get(stream.id) !== stream) return;
    stream.grace?.cancel();
    this.#streams.delete(stream.id);
    this.#feeders.get(stream)?.streams.delete(stream.id);
    this.#feeders.delete(stream);
    const session = this.#sessions.get(stream.session)!;
    session.streams.delete(stream);
    if (session.streams.size === 0) this.#sessions.delete(stream.session);
    this.#options.metrics?.ingestStreams.dec();
    this.#tell('stream-closed', stream, 'closed');
    if (!stream.alignment) return;
    for (const { id } of stream.infos)
      this.#emit(stream, { kind: 'close', id, ...(how === 'cut' && { cut: true }) });
  }

  #tell(code: 'stream-opened' | 'stream-closed', stream: IngestStream, did: string): void {
    const { name, type } = stream.declaration;
    const { session } = stream;
    const message = `stream '${name}' (${type}) ${did} over WebSocket`;
    this.#options.events({ code, level: 'info', message, session, stream: stream.infos[0].id });
  }

  #emit(stream: IngestStream, message: StreamMessage): void {
    this.#subject.next({ session: stream.session, message });
  }

  #requireSubscriber(): void {
    if (!this.#subject.observed) throw new ProtocolError('not-ready', 'no pipeline takes data at the moment');
  }

  #tellAssumed(stream: IngestStream, kind: string, offset_s: number): void {
    this.#options.events({
      code: 'stream-assumed-aligned',
      level: 'warn',
      message: `stream '${stream.declaration.name}': its clock (${kind}) is not the session's; its first sample is taken to be as new as the session's newest data`,
      session: stream.session,
      stream: stream.infos[0].id,
      details: { clock: kind, offset_s },
    });
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

function openings(stream: IngestStream): SessionMessage[] {
  return stream.infos.map((info) => ({ session: stream.session, message: { kind: 'open', info } }));
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
