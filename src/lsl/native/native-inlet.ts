import type { Seconds, Timer } from '../../core/clock.js';
import type { SessionEvent } from '../../core/event.js';
import { numericLayouts, type SampleBatch } from '../channel-format.js';
import type { InletOptions } from '../inlet.js';
import { LslError } from '../lsl-error.js';
import type { LslContext } from '../network.js';
import { quoteForQuery } from '../query.js';
import { recoveryQuery, successorOf } from '../recovery.js';
import { resolveStreams } from '../resolver.js';
import { type LslStreamInfo, parseInfo } from '../stream-info.js';
import { Watchdog } from '../watchdog.js';
import type { Handle, Liblsl, PullBuffers } from './liblsl.js';

const TIMEOUT_S = 5;
/** Longest that a pull waits on its thread: closing waits for it. */
const PULL_S = 0.2;
/** How often inlets look for samples that have no thread to wait on, s. */
const POLL_S = 0.005;
/** Samples of one pull. */
const CHUNK = 1024;
/** liblsl's `lost_error`. */
const LOST = -2;
/** liblsl doesn't tell that a connection broke: regular streams that are silent for so long are looked after, s. */
const SILENCE_S = 1;
const WATCH_S = 0.5;
/** How long to look for the outlet that liblsl found, s. */
const FIND_S = 1;

/** Pulls that wait on a thread of libuv's pool; half of it stays free for files and names. */
let waiting = 0;
const waitingLimit = Math.floor((Number(process.env.UV_THREADPOOL_SIZE) || 4) / 2);

/**
 * {@link Inlet}'s counterpart on liblsl, which recovers lost streams by itself and doesn't say so. Here its silence and
 * its word that the clock may be another one tell.
 */
export class NativeInlet {
  #info: LslStreamInfo;
  #inlet: Handle | null = null;
  #isClosed = false;
  #pending: Promise<void> = Promise.resolve();
  #timers: Timer[] = [];
  #watchdog: Watchdog | null = null;
  #isLost = false;
  /** Samples after a break, while the outlet that sends them is looked for. */
  #held: SampleBatch[] | null = null;

  constructor(
    readonly liblsl: Liblsl,
    readonly context: LslContext,
    info: LslStreamInfo,
    readonly options: InletOptions,
  ) {
    this.#info = info;
  }

  get info(): LslStreamInfo {
    return this.#info;
  }

  /** Begins to receive. @throws LslError. */
  async open(): Promise<void> {
    const inlet = await this.#create();
    const error = await this.liblsl.openStream(inlet, TIMEOUT_S);
    if (error !== 0) throw new LslError('connection', `liblsl can't open the stream (error ${error})`);
    // Without a measurement liblsl doesn't tell of a recovery.
    void this.#measure(inlet);
    const { timeUpdateInterval_s, watchdogThreshold_s } = this.context.config;
    if (this.options.measured)
      this.#timers.push(this.context.clock.every(timeUpdateInterval_s, () => void this.#measure(inlet)));
    this.#watchdog = new Watchdog(this.context, {
      interval_s: WATCH_S,
      threshold_s: this.#info.nominalRate_hz > 0 ? SILENCE_S : watchdogThreshold_s,
      watched: () => (this.#isLost || this.#isClosed ? null : this.#info),
      lost: () => this.#lose(),
    });
    this.#receive(inlet);
  }

  /** The stream's whole description. @throws LslError. */
  async fullInfo(timeout_s: Seconds = TIMEOUT_S): Promise<LslStreamInfo> {
    const inlet = await this.#create();
    const { xml, error } = await this.liblsl.fullInfo(inlet, timeout_s);
    if (error !== 0) throw new LslError('timeout', `liblsl can't get the description (error ${error})`);
    const { v4, v6 } = this.#info;
    this.#info = { ...parseInfo(xml), v4, v6 };
    return this.#info;
  }

  /** Resolves once liblsl has let go, which takes half a second. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    for (const timer of this.#timers) timer.cancel();
    this.#watchdog?.close();
    // Destroying an inlet that a pull waits on ends the process.
    await this.#pending;
    const inlet = this.#inlet;
    this.#inlet = null;
    if (inlet) await this.liblsl.destroyInlet(inlet);
  }

  async #create(): Promise<Handle> {
    if (this.#inlet) return this.#inlet;
    const found = await this.liblsl.resolve(`uid=${quoteForQuery(this.#info.uid)}`, TIMEOUT_S);
    if (!found) throw new LslError('not-found', `liblsl doesn't find stream '${this.#info.name}'`);
    const { maxBuffered_s = 360, maxChunkLength = 0 } = this.options;
    this.#inlet = this.liblsl.createInlet(found, maxBuffered_s, maxChunkLength);
    this.liblsl.destroyInfo(found);
    // The first pull would wait for it without end.
    const { error } = await this.liblsl.fullInfo(this.#inlet, TIMEOUT_S);
    if (error !== 0) throw new LslError('timeout', `liblsl can't get the description (error ${error})`);
    return this.#inlet;
  }

  async #measure(inlet: Handle): Promise<void> {
    if (this.#isClosed) return;
    const measuring = this.liblsl.timeCorrection(inlet, TIMEOUT_S);
    this.#pending = Promise.all([this.#pending, measuring]).then(() => undefined);
    const { offset, error } = await measuring;
    if (error !== 0 || this.#isClosed) return;
    const time = this.context.clock.now() - offset;
    // liblsl of protocol 1.10 doesn't tell the round trip.
    this.options.measured?.({ time, offset, uncertainty: Number.NaN });
  }

  #receive(inlet: Handle): void {
    const { channelFormat, channelCount } = this.#info;
    if (channelFormat === 'string') {
      const times = new Float64Array(CHUNK);
      const error = new Int32Array(1);
      this.#poll(() => {
        const values = this.liblsl.pullTextNow(inlet, times, channelCount, error);
        if (values.length === 0) return false;
        this.#give({ times: times.slice(0, values.length / channelCount), values }, error[0]);
        return true;
      });
      return;
    }
    const buffers = {
      values: numericLayouts[channelFormat].values(CHUNK * channelCount),
      times: new Float64Array(CHUNK),
      error: new Int32Array(1),
    };
    const take = (got: number): boolean => {
      const times = buffers.times.slice(0, got / channelCount);
      this.#give({ times, values: buffers.values.slice(0, got) }, buffers.error[0]);
      return got > 0;
    };
    if (waiting < waitingLimit) {
      const pulling = this.#wait(inlet, channelFormat, buffers, take);
      this.#pending = Promise.all([this.#pending, pulling]).then(() => undefined);
      return;
    }
    this.#poll(() => take(this.liblsl.pullNow(inlet, channelFormat, buffers)));
  }

  async #wait(
    inlet: Handle,
    format: keyof typeof numericLayouts,
    buffers: PullBuffers,
    take: (got: number) => boolean,
  ): Promise<void> {
    waiting++;
    const one = { ...buffers, times: buffers.times.subarray(0, 1) };
    const width = this.#info.channelCount;
    const first = { ...one, values: numericLayouts[format].values(width) };
    try {
      while (!this.#isClosed) {
        // A pull of many samples waits for all of them: wait for one, then take what else is there.
        const got = await this.liblsl.pull(inlet, format, first, PULL_S);
        if (this.#isClosed) return;
        if (got > 0) this.#give({ times: first.times.slice(), values: first.values.slice() }, first.error[0]);
        else if (first.error[0] === LOST) return this.#end();
        if (got > 0) take(this.liblsl.pullNow(inlet, format, buffers));
      }
    } finally {
      waiting--;
    }
  }

  #poll(pull: () => boolean): void {
    this.#timers.push(
      this.context.clock.every(POLL_S, () => {
        while (!this.#isClosed && pull());
      }),
    );
  }

  #give(batch: SampleBatch, error: number): void {
    if (batch.times.length > 0 && !this.#isClosed) {
      this.#watchdog?.fed();
      const hasBroken = this.#inlet !== null && this.liblsl.wasClockReset(this.#inlet);
      if (hasBroken || this.#isLost) this.#recover(batch);
      else if (this.#held) this.#held.push(batch);
      else this.options.samples(batch, false);
    }
    if (error === LOST) this.#end();
  }

  #lose(): void {
    this.#isLost = true;
    const reason = 'its outlet is silent and not found any more';
    this.#tell('stream-lost', 'warn', `lost: ${reason}; liblsl looks for it`);
    this.options.lost?.(reason);
  }

  /** What follows comes after a break, and maybe from another outlet: its receiver must know before it gets samples. */
  #recover(batch: SampleBatch): void {
    if (!this.#isLost) {
      const reason = 'the connection broke';
      this.#tell('stream-lost', 'warn', `lost: ${reason}`);
      this.options.lost?.(reason);
    }
    this.#isLost = false;
    const isLookedFor = this.#held !== null;
    this.#held = [...(this.#held ?? []), batch];
    if (!isLookedFor) void this.#resume();
  }

  async #resume(): Promise<void> {
    const query = recoveryQuery(this.#info);
    const found = await resolveStreams(this.context, { query, minimum: 1, timeout_s: FIND_S });
    if (this.#isClosed) return;
    this.#info = successorOf(this.#info, found) ?? this.#info;
    this.#tell('stream-recovered', 'info', 'found again');
    this.options.recovered?.(this.#info);
    const held = this.#held ?? [];
    this.#held = null;
    for (const [i, batch] of held.entries()) this.options.samples(batch, i === 0);
  }

  #end(): void {
    if (this.#isClosed) return;
    const reason = 'liblsl lost the stream and it has no source id';
    this.#tell('stream-lost', 'error', `given up: ${reason}`);
    this.options.ended?.(reason);
    void this.close();
  }

  #tell(code: SessionEvent['code'], level: SessionEvent['level'], what: string): void {
    const { name, type } = this.#info;
    this.context.events({
      code,
      level,
      message: `LSL stream '${name}' (${type}): ${what}`,
      stream: name,
    });
  }
}
