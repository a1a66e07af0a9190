import type { Seconds, Timer } from '../core/clock.js';
import type { SessionEvent } from '../core/event.js';
import type { SampleBatch } from './channel-format.js';
import { fetchFullInfo } from './connect.js';
import { type Feed, openFeed } from './feed.js';
import { LslError } from './lsl-error.js';
import type { LslContext } from './network.js';
import { quoteForQuery } from './query.js';
import { Resolver } from './resolver.js';
import type { LslStreamInfo } from './stream-info.js';
import { type ClockMeasurement, TimeCorrection, udpProbes } from './time-correction.js';

/** How long one attempt to connect may take, s. */
const CONNECT_TIMEOUT_S = 5;
/** How long a silent outlet may take to say that it is still there, s. */
const ALIVE_TIMEOUT_S = 3;

export interface InletOptions {
  /** Samples, as they come. `gapBefore`: the connection broke before them. */
  readonly samples: (batch: SampleBatch, gapBefore: boolean) => void;
  /** The connection broke; the inlet looks for the stream until it is closed. */
  readonly lost?: (reason: string) => void;
  /** It flows again, maybe from a restarted outlet. */
  readonly recovered?: (info: LslStreamInfo) => void;
  /** It can't be found again: it has no source id, or the peer is malformed. Nothing follows. */
  readonly ended?: (reason: string) => void;
  /** The outlet's clock was measured. Without this, it isn't. */
  readonly measured?: (measurement: ClockMeasurement) => void;
  /** How much the outlet should keep while we don't read, s (irregular streams: hundreds of samples). */
  readonly maxBuffered_s?: Seconds;
  /** Samples per transmission; 0: as the outlet likes. */
  readonly maxChunkLength?: number;
}

/** Receives one stream, through restarts of its outlet. */
export class Inlet {
  readonly #context: LslContext;
  readonly #options: InletOptions;
  readonly #rejected = new Set<string>();
  #info: LslStreamInfo;
  #feed: Feed | null = null;
  #correction: TimeCorrection | null = null;
  #resolver: Resolver | null = null;
  #watchdog: Timer | null = null;
  #retry: Timer | null = null;
  #attempting = false;
  #lastReceived: Seconds = 0;
  #gapBefore = false;
  #isClosed = false;

  constructor(context: LslContext, info: LslStreamInfo, options: InletOptions) {
    this.#context = context;
    this.#info = info;
    this.#options = options;
  }

  /** The stream, with the outlet that feeds it at the moment. */
  get info(): LslStreamInfo {
    return this.#info;
  }

  /** Begins to receive. @throws LslError: why the outlet can't be used. */
  async open(): Promise<void> {
    try {
      await this.#connect(this.#info);
    } catch (error) {
      if (error instanceof LslError) this.#tellRejected(error);
      throw error;
    }
    const { watchdogInterval_s } = this.#context.config;
    this.#watchdog = this.#context.clock.every(watchdogInterval_s, () => this.#check());
  }

  /** The stream's whole description. @throws LslError. */
  async fullInfo(timeout_s?: Seconds): Promise<LslStreamInfo> {
    return fetchFullInfo(this.#context, this.#info, timeout_s);
  }

  close(): void {
    this.#isClosed = true;
    this.#watchdog?.cancel();
    this.#retry?.cancel();
    this.#resolver?.close();
    this.#correction?.close();
    this.#feed?.close();
    this.#feed = null;
  }

  async #connect(info: LslStreamInfo): Promise<void> {
    const { maxBuffered_s = 360, maxChunkLength = 0 } = this.#options;
    const feed = await openFeed(this.#context, info, {
      maxBufferLength: Math.max(1, Math.round(maxBuffered_s * (info.nominalRate_hz || 100))),
      maxChunkLength,
      timeout_s: CONNECT_TIMEOUT_S,
      samples: (batch) => {
        this.#lastReceived = this.#context.clock.now();
        const gapBefore = this.#gapBefore;
        this.#gapBefore = false;
        this.#options.samples(batch, gapBefore);
      },
      ended: (error) => this.#lose(error),
    });
    if (this.#isClosed) {
      feed.close();
      throw new LslError('closed', 'the inlet was closed');
    }
    this.#feed = feed;
    this.#info = info;
    this.#lastReceived = this.#context.clock.now();
    void this.#measure(info);
  }

  async #measure(info: LslStreamInfo): Promise<void> {
    const { measured } = this.#options;
    this.#correction?.close();
    this.#correction = null;
    if (!measured) return;
    const transport = await udpProbes(info).catch(() => null);
    if (!transport) return;
    if (this.#isClosed || this.#info !== info) return transport.close();
    this.#correction = new TimeCorrection(this.#context, transport, measured);
  }

  #lose(error: LslError | null): void {
    if (this.#isClosed || !this.#feed) return;
    this.#feed = null;
    this.#gapBefore = true;
    if (error && this.#tellRejected(error)) this.#rejected.add(this.#info.uid);
    const reason = error?.message ?? 'the outlet closed the connection';
    this.#tell('stream-lost', 'warn', `lost: ${reason}; looking for it`);
    this.#options.lost?.(reason);
    this.#recover();
  }

  #recover(): void {
    const { name, type, sourceId, channelCount, channelFormat, uid } = this.#info;
    let query = `uid='${uid}'`;
    if (sourceId !== '') {
      const same = [
        ['name', name],
        ['type', type],
        ['source_id', sourceId],
        ['channel_format', channelFormat],
      ] as const;
      try {
        query = same
          .map(([field, text]) => `${field}=${quoteForQuery(text)}`)
          .concat(`channel_count='${channelCount}'`)
          .join(' and ');
      } catch {
        // A name with both kinds of quotes can't be asked for; this very outlet can.
      }
    } else if (this.#rejected.has(uid)) {
      this.#end('its outlet is malformed, and it has no source id to look for');
      return;
    }
    this.#resolver = new Resolver(this.#context, { query, appeared: () => void this.#attempt() });
    this.#retry = this.#context.clock.every(
      this.#context.config.resolveInterval_s,
      () => void this.#attempt(),
    );
  }

  /** Connects to the likeliest of the outlets that fit: the same one, else the youngest. */
  async #attempt(): Promise<void> {
    if (this.#attempting || this.#isClosed || !this.#resolver) return;
    const { uid, channelCount, channelFormat } = this.#info;
    const [best] = this.#resolver.streams
      .filter((info) => !this.#rejected.has(info.uid))
      .filter((info) => info.channelCount === channelCount && info.channelFormat === channelFormat)
      .sort((a, b) => Number(b.uid === uid) - Number(a.uid === uid) || b.createdAt - a.createdAt);
    if (!best) return;
    this.#attempting = true;
    try {
      await this.#connect(best);
      this.#resolver?.close();
      this.#resolver = null;
      this.#retry?.cancel();
      this.#tell('stream-recovered', 'info', 'found again');
      this.#options.recovered?.(best);
    } catch (error) {
      if (!(error instanceof LslError)) throw error;
      if (this.#tellRejected(error)) this.#rejected.add(best.uid);
    } finally {
      this.#attempting = false;
    }
  }

  /** After a long silence: is the outlet still there, or did its host vanish without a word? */
  #check(): void {
    const { clock, config } = this.#context;
    if (!this.#feed || clock.now() - this.#lastReceived < config.watchdogThreshold_s) return;
    const feed = this.#feed;
    const done = (isAlive: boolean): void => {
      late.cancel();
      resolver.close();
      if (isAlive || this.#isClosed || this.#feed !== feed) return;
      feed.close();
      this.#lose(
        new LslError('timeout', `silent for ${config.watchdogThreshold_s} s, and not found any more`),
      );
    };
    const resolver = new Resolver(this.#context, {
      query: `uid='${this.#info.uid}'`,
      appeared: () => done(true),
    });
    const late = clock.after(ALIVE_TIMEOUT_S, () => done(false));
  }

  #end(reason: string): void {
    this.#tell('stream-lost', 'error', `given up: ${reason}`);
    this.#options.ended?.(reason);
    this.close();
  }

  /** Whether the peer broke the protocol. */
  #tellRejected(error: LslError): boolean {
    const isPeersFault = ['malformed', 'too-large', 'unsupported', 'refused'].includes(error.code);
    if (isPeersFault) this.#tell('peer-rejected', 'warn', `its outlet is dropped: ${error.message}`);
    return isPeersFault;
  }

  #tell(code: SessionEvent['code'], level: SessionEvent['level'], what: string): void {
    const { name, type } = this.#info;
    this.#context.events({
      code,
      level,
      message: `LSL stream '${name}' (${type}): ${what}`,
      stream: name,
    });
  }
}
