import { Observable, type Subscriber } from 'rxjs';
import { z } from 'zod';
import type { Seconds, Timer } from '../core/clock.js';
import { ConfigurationError } from '../core/errors.js';
import type { SessionEvent } from '../core/event.js';
import { owned } from '../core/owned.js';
import { STREAM_BOUNDS } from '../core/signal.js';
import { type CanonicalStream, canonicalStreams } from '../dialects/canonical-stream.js';
import { streamTypeNamed } from '../dialects/stream-type.js';
import { type Backend, chooseBackend, type StreamInlet } from '../lsl/backend.js';
import { loadConfig } from '../lsl/config.js';
import { declarationOf, isSimulated, subjectOf } from '../lsl/declaration.js';
import { LslError, lslErrorOf } from '../lsl/lsl-error.js';
import type { LslContext } from '../lsl/network.js';
import { compileQuery, quoteForQuery } from '../lsl/query.js';
import { Resolver } from '../lsl/resolver.js';
import { allStampProcessing } from '../lsl/stamp-processor.js';
import type { LslStreamInfo } from '../lsl/stream-info.js';
import { defaultIngestLimits } from '../protocol/limits.js';
import { type Alignment, ReceivedStream } from './lsl/received-stream.js';
import { type SessionMessage, type Source, sourceDefinition } from './source.js';

/** How long a stream that was lost keeps its place in the session, s. */
const GRACE_S = 60;
/** A clock that wasn't measured by then won't be, s. */
const MEASURE_WITHIN_S = 3;
/** A regular stream that has sent nothing by then deserves a warning, s. */
const SILENT_AFTER_S = 10;
/** Before an outlet that could not be used is tried again, s. */
const RETRY_S = 5;

const sessionRules = ['hostname', 'subject', 'source_id', 'pattern'] as const;

export const lslParams = z.strictObject({
  query: z
    .string()
    .optional()
    .describe("Only streams that fit this LSL query, as in type='EEG' and starts-with(name,'Muse')."),
  name: z.string().min(1).optional().describe('Only streams of this name.'),
  source_id: z.string().min(1).optional().describe('Only the stream of this source id.'),
  hostname: z.string().min(1).optional().describe('Only streams of this host.'),
  session: z
    .strictObject({
      by: z
        .enum(sessionRules)
        .describe(
          "What tells people apart: the host, `desc/subject/id`, the source id, or `pattern`'s first group.",
        ),
      pattern: z
        .string()
        .optional()
        .describe(
          'Regular expression, tried on source id, then name, then host; its first group names the session.',
        ),
    })
    .optional()
    .describe('How several people on one network become several sessions; default: all streams are one.'),
});
export type LslParams = z.output<typeof lslParams>;

/** Streams found by the Lab Streaming Layer: they may appear, vanish and return at any time. */
export class LslSource implements Source {
  readonly messages$: Observable<SessionMessage>;
  readonly onMachineClock = true;

  /** @throws ConfigurationError `lsl-query-unusable`, `session-pattern-unusable`. */
  constructor(context: LslContext, params: LslParams, session: string, backend = chooseBackend('auto')) {
    const query = queryOf(params);
    const rule = sessionRule(params, session);
    this.messages$ = new Observable((subscriber) => {
      const listening = new Listening(context, query, rule, subscriber, backend);
      return () => listening.close();
    });
  }
}

type SessionRule = (info: LslStreamInfo) => string;

interface Connected {
  readonly session: string;
  readonly inlet: StreamInlet;
  readonly stream: ReceivedStream;
  readonly timers: Set<Timer>;
  grace: Timer | null;
}

/** One subscription to the network's streams. */
class Listening {
  readonly #context: LslContext;
  readonly #rule: SessionRule;
  readonly #subscriber: Subscriber<SessionMessage>;
  readonly #resolver: Resolver;
  readonly #backend: Backend;
  /** By what a device keeps through restarts. */
  readonly #streams = new Map<string, Connected | 'opening'>();
  readonly #names = new Map<string, Set<string>>();
  readonly #retry: Timer;
  readonly #refused = new Map<string, Seconds>();
  #isClosed = false;

  constructor(
    context: LslContext,
    query: string,
    rule: SessionRule,
    subscriber: Subscriber<SessionMessage>,
    backend: Backend,
  ) {
    this.#backend = backend;
    this.#context = context;
    this.#rule = rule;
    this.#subscriber = subscriber;
    this.#resolver = new Resolver(context, { query, appeared: (info) => this.#take(info) });
    this.#retry = context.clock.every(RETRY_S, () => {
      const present = new Set(this.#resolver.streams.map(({ uid }) => uid));
      for (const uid of this.#refused.keys()) if (!present.has(uid)) this.#refused.delete(uid);
      for (const info of this.#resolver.streams) this.#take(info);
    });
  }

  close(): void {
    this.#isClosed = true;
    this.#retry.cancel();
    this.#resolver.close();
    for (const connected of this.#streams.values()) if (connected !== 'opening') release(connected);
    this.#streams.clear();
  }

  #take(info: LslStreamInfo): void {
    owned(this.#appeared(info), ({ message }) =>
      this.#tell(info, 'connection-failed', 'error', `fault while it was taken in: ${message}`),
    );
  }

  async #appeared(info: LslStreamInfo): Promise<void> {
    const key = identity(info);
    const type = streamTypeNamed(info.type);
    // Predictions are no input, and the daemon's own are among them.
    if (type === 'Affect' || this.#isClosed || this.#streams.has(key)) return;
    const refusedUntil = this.#refused.get(info.uid);
    if (refusedUntil !== undefined && this.#context.clock.now() < refusedUntil) return;
    this.#streams.set(key, 'opening');
    try {
      await this.#open(key, info);
      this.#refused.delete(info.uid);
    } catch (error) {
      this.#streams.delete(key);
      if (this.#isClosed) return;
      const known = this.#refused.has(info.uid);
      this.#refused.set(info.uid, this.#context.clock.now() + RETRY_S);
      if (!known)
        this.#tell(
          info,
          'stream-ignored',
          'warn',
          `can't be received: ${lslErrorOf(error).message}; tried again from time to time`,
        );
    }
  }

  async #open(key: string, info: LslStreamInfo): Promise<void> {
    const { clock } = this.#context;
    let connected: Connected | null = null;
    const inlet = this.#backend.inlet(this.#context, info, {
      samples: (batch, gapBefore) => connected?.stream.take(batch, gapBefore),
      measured: (measurement) => connected?.stream.measured(measurement),
      lost: () => {
        if (!connected) return;
        connected.grace?.cancel();
        connected.grace = clock.after(GRACE_S, () => this.#drop(key));
      },
      recovered: (found) => {
        if (!connected) return;
        connected.grace?.cancel();
        connected.grace = null;
        if (found.uid !== info.uid) connected.stream.restart(found.hostname);
        this.#expectMeasurement(connected);
      },
      ended: () => this.#drop(key),
    });
    const full = await inlet.fullInfo();
    requireBounded(full);
    const session = this.#rule(full);
    this.#requireRoom(session);
    const id = this.#uniqueId(session, full.name);
    let parts: readonly CanonicalStream[];
    try {
      parts = canonicalStreams(declarationOf(full, id));
    } catch (error) {
      this.#names.get(session)?.delete(id);
      throw error;
    }
    const stream = new ReceivedStream(
      clock,
      full,
      parts,
      allStampProcessing,
      this.#context.config.smoothingHalfTime_s,
      (message) => this.#subscriber.next({ session, message }),
      (alignment, offset_s) => this.#tellAligned(full, session, id, alignment, offset_s),
    );
    connected = { session, inlet, stream, timers: new Set(), grace: null };
    try {
      await inlet.open();
    } catch (error) {
      this.#names.get(session)?.delete(id);
      throw error;
    }
    if (this.#isClosed) {
      release(connected);
      return;
    }
    this.#streams.set(key, connected);
    for (const note of parts.flatMap((part) => part.notes)) this.#context.events({ ...note, session });
    const simulated = isSimulated(full) ? ', simulated,' : '';
    const fed = `from ${full.hostname}${simulated} feeds session ${session}`;
    this.#tell(full, 'stream-opened', 'info', fed, session, id);
    this.#expectMeasurement(connected);
    this.#expectSamples(connected, full, session, id);
  }

  /** What is open costs memory and time. @throws LslError */
  #requireRoom(session: string): void {
    const { max_session_streams, max_daemon_streams } = defaultIngestLimits;
    if ((this.#names.get(session)?.size ?? 0) >= max_session_streams)
      throw new LslError('refused', `session ${session} has ${max_session_streams} streams open`);
    if (this.#streams.size > max_daemon_streams)
      throw new LslError('refused', `${max_daemon_streams} streams are open`);
  }

  #expectMeasurement(connected: Connected): void {
    const timer = this.#context.clock.after(MEASURE_WITHIN_S, () => connected.stream.unmeasurable());
    connected.timers.add(timer);
  }

  #expectSamples(connected: Connected, info: LslStreamInfo, session: string, id: string): void {
    if (info.nominalRate_hz === 0) return;
    const timer = this.#context.clock.after(SILENT_AFTER_S, () => {
      if (connected.stream.samples > 0) return;
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

  #uniqueId(session: string, name: string): string {
    const taken = this.#names.get(session) ?? new Set<string>();
    this.#names.set(session, taken);
    let id = name;
    for (let n = 2; taken.has(id); n++) id = `${name}#${n}`;
    taken.add(id);
    return id;
  }

  #drop(key: string): void {
    const connected = this.#streams.get(key);
    if (!connected || connected === 'opening') return;
    this.#streams.delete(key);
    const { session, stream, inlet } = connected;
    release(connected);
    this.#tell(inlet.info, 'stream-closed', 'info', 'is gone', session);
    stream.close();
    for (const { id } of stream.infos) this.#names.get(session)?.delete(id);
  }

  #tellAligned(
    info: LslStreamInfo,
    session: string,
    id: string,
    alignment: Alignment,
    offset_s: Seconds,
  ): void {
    if (alignment === 'lsl') return;
    const how =
      alignment === 'unix'
        ? "its stamps count from 1970; they are brought onto this machine's clock by its wall clock"
        : "its clock can't be measured; its first samples are taken to be as new as their arrival";
    this.#context.events({
      code: 'stream-assumed-aligned',
      level: 'warn',
      message: `LSL stream '${info.name}' (${info.type}): ${how}`,
      session,
      stream: id,
      details: { clock: alignment, offset_s },
    });
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

function release({ inlet, timers, grace }: Connected): void {
  owned(inlet.close(), () => {});
  grace?.cancel();
  for (const timer of timers) timer.cancel();
}

/** What stays when a device's outlet restarts. */
function identity({ uid, sourceId, name, type, hostname }: LslStreamInfo): string {
  return sourceId === '' ? uid : JSON.stringify([sourceId, name, type, hostname]);
}

function queryOf({ query, name, source_id, hostname }: LslParams): string {
  try {
    const conditions = Object.entries({ name, source_id, hostname }).flatMap(([field, text]) =>
      text === undefined ? [] : [`${field}=${quoteForQuery(text)}`],
    );
    if (query?.trim()) conditions.push(`(${query})`);
    const whole = conditions.join(' and ');
    compileQuery(whole);
    return whole;
  } catch (error) {
    throw new ConfigurationError('lsl-query-unusable', `lsl source: ${(error as Error).message}`);
  }
}

function sessionRule({ session: rule }: LslParams, session: string): SessionRule {
  if (!rule) return () => session;
  switch (rule.by) {
    case 'hostname':
      return ({ hostname }) => hostname || session;
    case 'subject':
      return (info) => subjectOf(info) || session;
    case 'source_id':
      return ({ sourceId }) => sourceId || session;
    case 'pattern': {
      const pattern = compilePattern(rule.pattern);
      return ({ sourceId, name, hostname }) => {
        for (const text of [sourceId, name, hostname]) {
          const found = pattern.exec(text);
          if (found) return found[1] ?? found[0];
        }
        return session;
      };
    }
  }
}

function compilePattern(pattern: string | undefined): RegExp {
  try {
    if (!pattern) throw new Error('session: {by: pattern} needs a pattern');
    return new RegExp(pattern);
  } catch (error) {
    throw new ConfigurationError('session-pattern-unusable', `lsl source: ${(error as Error).message}`);
  }
}

export const lslSource = sourceDefinition<LslParams>({
  type: 'lsl',
  summary: 'Streams of the Lab Streaming Layer, found on the network by what they say of themselves.',
  params: lslParams,
  create: (params, { clock, events, session, lslBackend = 'auto' }) =>
    new LslSource({ clock, events, config: loadConfig() }, params, session, chooseBackend(lslBackend)),
});
