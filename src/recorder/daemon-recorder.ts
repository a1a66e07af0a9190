import { hostname } from 'node:os';
import { WebSocket } from 'ws';
import type { Clock, Seconds } from '../core/clock.js';
import { ConfigurationError } from '../core/errors.js';
import { type Chunk, isSameStream, type StreamInfo } from '../core/signal.js';
import {
  type AffectMessage,
  connectStream,
  type SignalsMessage,
  type StreamClient,
  type SubscribeResult,
} from '../io/client/index.js';
import { affectChannels, affectSample, affectSourceId } from '../io/sinks/lsl/affect-sample.js';
import type { LiveRecording } from './live-recording.js';
import { writtenKey } from './lsl-recorder.js';

/** How soon after a drop the daemon is tried again, and how rarely at last, s. */
const BACKOFF_S = [0.5, 4] as const;
/** A session's offset is the least delay of so many intervals, so that it follows a drift. */
const INTERVALS_KEPT = 6;
const INTERVAL_S = 5;

export interface DaemonRecorderOptions {
  readonly clock: Clock;
  readonly url: string;
  readonly token?: string;
  /** Streams to record, by what they are. */
  readonly wanted: (stream: {
    readonly name: string;
    readonly type: string;
    readonly sourceId: string;
  }) => boolean;
  readonly tell: (line: string) => void;
}

/** A session's clock, whose distance from this machine's is the least delay at which its samples came. */
class SessionClock {
  readonly #minima: { from: Seconds; offset: Seconds; at: Seconds }[] = [];
  /** Stamp that its predictions count from. */
  zero: Seconds | null = null;
  /** Keys of its streams that are open. */
  readonly open = new Set<string>();

  constructor(readonly label: string) {}

  /** A sample stamped `stamp` came at `now`. */
  take(stamp: Seconds, now: Seconds): void {
    const current = this.#minima.at(-1);
    const offset = now - stamp;
    if (!current || now - current.from >= INTERVAL_S) {
      this.#minima.push({ from: now, offset, at: stamp });
      if (this.#minima.length > INTERVALS_KEPT) this.#minima.shift();
    } else if (offset < current.offset) {
      current.offset = offset;
      current.at = stamp;
    }
  }

  /** Now, on the session's clock, and how far this machine's is ahead. */
  measure(now: Seconds): { time: Seconds; offset: Seconds } | null {
    if (this.#minima.length === 0) return null;
    const offset = Math.min(...this.#minima.map((minimum) => minimum.offset));
    return { time: now - offset, offset };
  }
}

/** Records what devices push to a daemon and what it predicts, session by session. */
export class DaemonRecorder {
  readonly #options: DaemonRecorderOptions;
  readonly #recording: LiveRecording;
  readonly #client: StreamClient;
  readonly #subscribed: Promise<SubscribeResult>;
  readonly #clocks = new Map<string, SessionClock>();
  /** Of sessions that have ended: a model that lags still predicts what they sent last. */
  readonly #ended = new Map<string, SessionClock>();
  readonly #generations = new Map<string, number>();
  readonly #infos = new Map<string, StreamInfo>();
  /** Streams that samples were missed of, for the connection to the daemon dropped. */
  readonly #broken = new Set<string>();
  #isConnected = false;

  constructor(recording: LiveRecording, options: DaemonRecorderOptions) {
    this.#options = options;
    this.#recording = recording;
    const { url, token, clock } = options;
    this.#client = connectStream(url, {
      ...(token === undefined ? {} : { token }),
      ...{ WebSocket, timers: clock, backoff_s: BACKOFF_S },
    });
    this.#client.on('signals', (message) => this.#signals(message));
    this.#client.on('affect', (message) => this.#predicted(message));
    this.#client.on('error', ({ message }) => options.tell(`WARNING: the daemon at ${url}: ${message}`));
    this.#client.on('disconnected', () => this.#lost());
    const subscription = { session: '*', policy: 'buffer' } as const;
    this.#subscribed = this.#client.subscribe({ streams: ['signals', 'affect'], ...subscription });
    this.#subscribed.catch(() => {});
  }

  /**
   * Resolves with whether a daemon answers; one that starts later is recorded from then on.
   * @throws ConfigurationError `token-missing` when it refuses us.
   */
  reach(): Promise<boolean> {
    const { url, tell } = this.#options;
    return new Promise((resolve, reject) => {
      this.#subscribed.then(
        ({ failure }) => {
          tell(`+ the daemon at ${url}`);
          for (const { message } of failure)
            tell(`WARNING: the daemon at ${url} doesn't give all: ${message}`);
          resolve(true);
        },
        () => {
          const wants = `the daemon at ${url} doesn't take this token, or wants one: give it with --token-file`;
          reject(new ConfigurationError('token-missing', wants));
        },
      );
      this.#client.on('state', (state) => {
        if (state === 'open') this.#isConnected = true;
        else if (state === 'reconnecting') resolve(false);
      });
    });
  }

  close(): void {
    this.#isConnected = false;
    this.#client.close();
  }

  #lost(): void {
    if (this.#isConnected)
      this.#options.tell(`WARNING: the daemon at ${this.#options.url} is gone; waiting for it`);
    this.#isConnected = false;
    for (const key of this.#infos.keys()) this.#broken.add(key);
  }

  #signals(message: SignalsMessage): void {
    const { session, id, kind, info, times, data } = message;
    const clock = this.#clockOf(session);
    if (message.zero !== null) clock.zero = message.zero;
    const key = `${clock.label}/${id}`;
    if (kind === 'open' && info) this.#open(clock, key, info);
    else if (kind === 'close') this.#close(session, clock, key);
    else if (times && data && times.length > 0) {
      // What a tick says of time rests on how long nothing came.
      if (this.#infos.get(key)?.type !== 'Ticks')
        clock.take(times[times.length - 1], this.#options.clock.now());
      this.#samples(key, times, data, message.gap_before === true);
    }
  }

  #open(clock: SessionClock, key: string, info: NonNullable<SignalsMessage['info']>): void {
    clock.open.add(key);
    const { source_id: sourceId, ...rest } = info;
    const before = this.#infos.get(key);
    if (before && isSameStream(before, { ...rest, sourceId })) return;
    if (!this.#options.wanted({ name: rest.name, type: rest.type, sourceId })) return;
    const described: StreamInfo = { ...rest, sourceId, id: before ? `${before.id}+` : key };
    this.#infos.set(key, described);
    const { id, name, type, sfreq } = described;
    this.#recording.open(
      id,
      { name, type, sfreq, text: type === 'Markers', via: 'websocket' },
      { kind: 'mapped', info: described, mapped: { session: clock.label, arrival: true } },
      () => clock.measure(this.#options.clock.now()),
    );
    this.#options.tell(`+ ${name} (${type}) of session ${clock.label}, by WebSocket`);
  }

  #samples(
    key: string,
    times: readonly number[],
    data: readonly (readonly (number | null | string)[])[],
    gap: boolean,
  ): void {
    const info = this.#infos.get(key);
    if (!info) return;
    const stamps = Float64Array.from(times);
    if (info.type === 'Markers') {
      for (const [i, time] of times.entries()) {
        const marker = { stream: info.id, time, value: String(data[i][0]) };
        this.#recording.samples(info.id, { kind: 'marker', marker }, false);
      }
      return;
    }
    const gapBefore = gap || this.#broken.delete(key);
    const chunk: Chunk = { info, data: channelMajor(data), times: stamps, gapBefore };
    this.#recording.samples(info.id, { kind: 'chunk', chunk }, gapBefore);
  }

  #close(session: string, clock: SessionClock, key: string): void {
    clock.open.delete(key);
    if (clock.open.size > 0) return;
    // What comes under its name after that is another session, with a clock of its own.
    this.#options.tell(`- session ${clock.label} has ended`);
    this.#clocks.delete(session);
    this.#ended.set(session, clock);
    this.#generations.set(session, (this.#generations.get(session) ?? 1) + 1);
  }

  #predicted(message: AffectMessage): void {
    const { clock } = this.#options;
    const session = this.#clocks.get(message.session) ?? this.#ended.get(message.session);
    const isPushed = session !== undefined && session.zero !== null;
    const label = session?.label ?? message.session;
    // The daemon may offer the same predictions by LSL: whichever comes first is recorded.
    const keyOf = (isSimulated: boolean): string => {
      const identity = writtenKey(affectIdentity(message, isSimulated), isSimulated);
      return label === message.session ? identity : `${identity} ${label}`;
    };
    // Once one of them was, the rest of the session's stand under a header that says so.
    const simulated = message.simulated === true || this.#infos.has(keyOf(true));
    const key = keyOf(simulated);
    if (!this.#infos.has(key)) {
      const sourceId = affectSourceId(message, simulated);
      const { node: name, model, pipeline, evidence } = message;
      if (this.#recording.has(key) || !this.#options.wanted({ name, type: 'Affect', sourceId })) return;
      const info: StreamInfo = {
        ...{ id: key, name, type: 'Affect', sourceId, sfreq: 0 },
        channels: affectChannels,
        ...(simulated && { simulated }),
      };
      this.#infos.set(key, info);
      const about = { model, pipeline, evidence };
      this.#recording.open(
        key,
        { name, type: 'Affect', sfreq: 0, text: false, via: 'prediction' },
        {
          ...{ kind: 'mapped', info },
          mapped: isPushed
            ? { about, session: label, arrival: true }
            : { about: { ...about, session: label }, clock: 'lsl' },
        },
        () => (isPushed ? session.measure(clock.now()) : { time: clock.now(), offset: 0 }),
      );
      this.#options.tell(`+ predictions of session ${label} by ${name}`);
    }
    const time = isPushed ? session.zero! + message.time : message.time_unix - (clock.unix() - clock.now());
    const times = Float64Array.of(time);
    const chunk: Chunk = {
      info: this.#infos.get(key)!,
      ...{ data: affectSample(message), times, gapBefore: false },
    };
    this.#recording.samples(key, { kind: 'chunk', chunk }, false);
  }

  #clockOf(session: string): SessionClock {
    let clock = this.#clocks.get(session);
    if (!clock) {
      const generation = this.#generations.get(session) ?? 1;
      clock = new SessionClock(generation === 1 ? session : `${session}#${generation}`);
      this.#clocks.set(session, clock);
    }
    return clock;
  }
}

/** What the outlet of a model's predictions is found by: see `LslSink`. */
function affectIdentity(message: AffectMessage, simulated: boolean): Parameters<typeof writtenKey>[0] {
  return {
    ...{ uid: '', name: message.node, type: 'Affect', sourceId: affectSourceId(message, simulated) },
    ...{ hostname: hostname(), channelFormat: 'double64', channelCount: affectChannels.length },
  };
}

/** [n][C] as [C, n]; null is missing. */
function channelMajor(data: readonly (readonly (number | null | string)[])[]): Float64Array {
  const n = data.length;
  const channels = data[0].length;
  const values = new Float64Array(n * channels);
  for (let c = 0; c < channels; c++)
    for (let i = 0; i < n; i++) {
      const value = data[i][c];
      values[c * n + i] = value === null ? Number.NaN : Number(value);
    }
  return values;
}
