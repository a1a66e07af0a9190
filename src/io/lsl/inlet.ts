import type { Seconds, Timer } from '../../core/clock.js';
import type { SessionEvent } from '../../core/event.js';
import { owned } from '../../core/owned.js';
import type { SampleBatch } from './channel-format.js';
import { fetchFullInfo } from './connect.js';
import { type OpenConnection, openConnection } from './connection.js';
import { isSimulated } from './declaration.js';
import type { Feed } from './feed.js';
import { LslError, lslErrorOf } from './lsl-error.js';
import type { LslContext } from './network.js';
import { recoveryQuery, type Search, successorOf } from './recovery.js';
import { Resolver } from './resolver.js';
import type { LslStreamInfo } from './stream-info.js';
import type { ClockMeasurement } from './time-correction.js';
import { Watchdog } from './watchdog.js';

/** How long one attempt to connect may take, s. */
const CONNECT_TIMEOUT_S = 5;

export interface InletOptions {
  /** Samples, as they come. `gapBefore`: the connection broke before them. */
  readonly samples: (batch: SampleBatch, gapBefore: boolean) => void;
  /** The connection broke; the inlet looks for the stream until it is closed. */
  readonly lost?: (reason: string) => void;
  /** It flows again, maybe from a restarted outlet. */
  readonly recovered?: (info: LslStreamInfo) => void;
  /**
   * It can't be found again: it has no source id, the peer is malformed, or a simulator stands in its place (or the
   * device in a simulator's). Nothing follows.
   */
  readonly ended?: (reason: string) => void;
  /** The outlet's clock was measured. Without this, it isn't. */
  readonly measured?: (measurement: ClockMeasurement) => void;
  /** Whether an outlet feeds another inlet of ours, and so is not this stream's come back. Default: none does. */
  readonly isTaken?: (info: LslStreamInfo) => boolean;
  /**
   * Looks for the outlets that may carry on `lost`; `appeared`: one of them answered. Default: asks the network by itself, which hundreds
   * of lost streams that each do so would fill.
   */
  readonly search?: (lost: LslStreamInfo, appeared: () => void) => Search;
  /** How much the outlet should keep while we don't read, s (irregular streams: hundreds of samples). */
  readonly maxBuffered_s?: Seconds;
  /** Samples per transmission; 0: as the outlet likes. */
  readonly maxChunkLength?: number;
}

/** Receives one stream, through restarts of its outlet. */
export class Inlet {
  readonly #context: LslContext;
  readonly #options: InletOptions;
  readonly #open: OpenConnection;
  readonly #rejected = new Set<string>();
  #info: LslStreamInfo;
  /** Whether its description says that a simulator makes it; null before {@link fullInfo}. */
  #simulated: boolean | null = null;
  #feed: Feed | null = null;
  #search: Search | null = null;
  #watchdog: Watchdog | null = null;
  #retry: Timer | null = null;
  #attempting = false;
  #gapBefore = false;
  #isClosed = false;

  /** `open`: what connects to outlets; default TypeScript. */
  constructor(
    context: LslContext,
    info: LslStreamInfo,
    options: InletOptions,
    open: OpenConnection = openConnection,
  ) {
    this.#context = context;
    this.#open = open;
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
      const failure = lslErrorOf(error);
      this.#tellRejected(failure);
      throw failure;
    }
    const { watchdogInterval_s, watchdogThreshold_s } = this.#context.config;
    this.#watchdog = new Watchdog(this.#context, {
      interval_s: watchdogInterval_s,
      threshold_s: watchdogThreshold_s,
      watched: () => this.#feed && this.#info,
      lost: () => {
        this.#letGo(this.#feed);
        this.#lose(new LslError('timeout', `silent for ${watchdogThreshold_s} s, and not found any more`));
      },
    });
  }

  /** The stream's whole description. @throws LslError. */
  async fullInfo(timeout_s?: Seconds): Promise<LslStreamInfo> {
    const full = await fetchFullInfo(this.#context, this.#info, timeout_s);
    this.#simulated = isSimulated(full);
    return full;
  }

  /** Resolves once everything is let go of. */
  close(): void | Promise<void> {
    this.#isClosed = true;
    this.#watchdog?.close();
    this.#retry?.cancel();
    this.#search?.close();
    const feed = this.#feed;
    this.#feed = null;
    return feed?.close();
  }

  /** `connected` is called before the first samples are given. */
  async #connect(info: LslStreamInfo, connected: () => void = () => {}): Promise<void> {
    const early: SampleBatch[] = [];
    let isConnected = false;
    const give = (batch: SampleBatch): void => {
      const gapBefore = this.#gapBefore;
      this.#gapBefore = false;
      this.#options.samples(batch, gapBefore);
    };
    const { maxBuffered_s = 360, maxChunkLength = 0, measured } = this.#options;
    const feed = await this.#open(this.#context, info, {
      maxBuffered_s,
      maxChunkLength,
      ...(measured ? { measured } : {}),
      timeout_s: CONNECT_TIMEOUT_S,
      samples: (batch) => {
        this.#watchdog?.fed();
        if (isConnected) give(batch);
        else early.push(batch);
      },
      ended: (error) => this.#lose(error),
    });
    if (this.#isClosed) {
      this.#letGo(feed);
      throw new LslError('closed', 'the inlet was closed');
    }
    this.#feed = feed;
    this.#info = info;
    this.#watchdog?.fed();
    isConnected = true;
    connected();
    try {
      for (const batch of early) give(batch);
    } catch (error) {
      this.#feed = null;
      this.#letGo(feed);
      throw error;
    }
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
    const { sourceId, uid } = this.#info;
    if (sourceId === '' && this.#rejected.has(uid)) {
      this.#end('its outlet is malformed, and it has no source id to look for');
      return;
    }
    const appeared = (): void => this.#try();
    this.#search =
      this.#options.search?.(this.#info, appeared) ??
      new Resolver(this.#context, { query: recoveryQuery(this.#info), appeared });
    this.#retry = this.#context.clock.every(this.#context.config.resolveInterval_s, () => this.#try());
  }

  #try(): void {
    owned(this.#attempt(), (error) => this.#tellFault(error));
  }

  #letGo(feed: Feed | null): void {
    owned(feed?.close(), (error) => this.#tellFault(error));
  }

  /** Connects to the likeliest of the outlets that fit. */
  async #attempt(): Promise<void> {
    if (this.#attempting || this.#isClosed || !this.#search) return;
    const usable = this.#search.streams.filter(
      (info) => !this.#rejected.has(info.uid) && !this.#options.isTaken?.(info),
    );
    const best = successorOf(this.#info, usable);
    if (!best) return;
    this.#attempting = true;
    try {
      if (await this.#isAnother(best)) {
        this.#end('what is found in its place is simulated, or it was and that is not: another stream');
        return;
      }
      await this.#connect(best, () => {
        this.#search?.close();
        this.#search = null;
        this.#retry?.cancel();
        this.#tell('stream-recovered', 'info', 'found again');
        this.#options.recovered?.(best);
      });
    } catch (error) {
      if (this.#tellRejected(lslErrorOf(error))) this.#rejected.add(best.uid);
      this.#search?.forget(best.uid);
    } finally {
      this.#attempting = false;
    }
  }

  /** Whether samples of `found` must not pass for this stream's. @throws LslError. */
  async #isAnother(found: LslStreamInfo): Promise<boolean> {
    if (this.#simulated === null || found.uid === this.#info.uid) return false;
    return isSimulated(await fetchFullInfo(this.#context, found)) !== this.#simulated;
  }

  #end(reason: string): void {
    this.#tell('stream-lost', 'error', `given up: ${reason}`);
    this.#options.ended?.(reason);
    owned(this.close(), (error) => this.#tellFault(error));
  }

  /** Whether the peer broke the protocol, or sends what can't be worked with. */
  #tellRejected(error: LslError): boolean {
    const isDropped = ['malformed', 'too-large', 'unsupported', 'refused', 'fault'].includes(error.code);
    if (isDropped) this.#tell('peer-rejected', 'warn', `its outlet is dropped: ${error.message}`);
    return isDropped;
  }

  #tellFault({ message }: Error): void {
    this.#tell('connection-failed', 'error', `fault of its connection: ${message}`);
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
