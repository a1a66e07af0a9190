import type { Seconds, Timer } from '../../../core/clock.js';
import { owned } from '../../../core/owned.js';
import { SleepMeter } from '../../../signal/timebase/sleep-meter.js';
import { numericLayouts, type SampleBatch } from '../channel-format.js';
import type { ConnectionOptions, OpenConnection } from '../connection.js';
import type { Feed } from '../feed.js';
import { LslError, lslErrorOf } from '../lsl-error.js';
import type { LslContext } from '../network.js';
import { quoteForQuery } from '../query.js';
import type { LslStreamInfo } from '../stream-info.js';
import type { Handle, Liblsl, PullBuffers } from './liblsl.js';

/** Longest that a pull waits on its thread: closing waits for it. */
const PULL_S = 0.2;
/** How often connections look for samples that have no thread to wait on, s. */
const POLL_S = 0.005;
/** Samples of one pull. */
const CHUNK = 1024;
/** What liblsl measured before the machine slept it tells for so long after it, s. */
const REMEMBERED_S: Seconds = 5;
/** liblsl's `lost_error`. */
const LOST = -2;

/** Pulls that wait on a thread of libuv's pool; half of it stays free for files and names. */
let waiting = 0;
const waitingLimit = Math.floor((Number(process.env.UV_THREADPOOL_SIZE) || 4) / 2);

/**
 * Connections through liblsl. Its own recovery is left off: it would hide that samples are missing, and takes longer to
 * find an outlet again.
 */
export function nativeConnections(liblsl: Liblsl): OpenConnection {
  return async (context, info, options) => {
    const inlet = await createInlet(liblsl, info, options);
    const error = await liblsl.openStream(inlet, options.timeout_s);
    if (error === 0) return new NativeConnection(liblsl, context, info, options, inlet);
    letGo(liblsl, inlet);
    throw new LslError('connection', `liblsl can't open the stream (error ${error})`);
  };
}

async function createInlet(
  liblsl: Liblsl,
  info: LslStreamInfo,
  { timeout_s, maxBuffered_s, maxChunkLength }: ConnectionOptions,
): Promise<Handle> {
  const found = await liblsl.resolve(`uid=${quoteForQuery(info.uid)}`, timeout_s);
  if (!found) throw new LslError('not-found', `liblsl doesn't find stream '${info.name}'`);
  const inlet = liblsl.createInlet(found, maxBuffered_s, maxChunkLength);
  liblsl.destroyInfo(found);
  // The first pull would wait for it without end.
  const { error } = await liblsl.fullInfo(inlet, timeout_s);
  if (error === 0) return inlet;
  letGo(liblsl, inlet);
  throw new LslError('timeout', `liblsl can't get the description (error ${error})`);
}

function letGo(liblsl: Liblsl, inlet: Handle): void {
  owned(liblsl.destroyInlet(inlet), () => {});
}

class NativeConnection implements Feed {
  #isOpen = true;
  #pending: Promise<unknown> = Promise.resolve();
  #timers: Timer[] = [];
  readonly #sleep: SleepMeter;
  /** What the machine had slept at the last look, and until when it counts, s. */
  #slept_s: Seconds = 0;
  #mistrusted: Seconds = Number.NEGATIVE_INFINITY;

  constructor(
    readonly liblsl: Liblsl,
    readonly context: LslContext,
    readonly info: LslStreamInfo,
    readonly options: ConnectionOptions,
    readonly inlet: Handle,
  ) {
    this.#sleep = new SleepMeter(context.clock);
    if (options.measured) {
      const { timeUpdateInterval_s } = context.config;
      this.#timers.push(context.clock.every(timeUpdateInterval_s, () => this.#tryMeasuring()));
      this.#tryMeasuring();
    }
    this.#receive();
  }

  /** Resolves once liblsl has let go, which takes half a second. */
  async close(): Promise<void> {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    for (const timer of this.#timers) timer.cancel();
    // Destroying an inlet that a pull waits on ends the process.
    await this.#pending;
    await this.liblsl.destroyInlet(this.inlet);
  }

  #after(call: Promise<unknown>): void {
    this.#pending = Promise.all([this.#pending, call]);
  }

  #tryMeasuring(): void {
    // It is tried again.
    owned(this.#measure(), () => {});
  }

  async #measure(): Promise<void> {
    if (!this.#isOpen) return;
    const measuring = this.liblsl.timeCorrection(this.inlet, this.options.timeout_s);
    this.#after(measuring);
    const { offset, error } = await measuring;
    if (error !== 0 || !this.#isOpen) return;
    const now = this.context.clock.now();
    this.#sleep.look();
    if (this.#sleep.slept_s > this.#slept_s) this.#mistrusted = now + REMEMBERED_S;
    this.#slept_s = this.#sleep.slept_s;
    if (now < this.#mistrusted) return;
    const time = now - offset;
    // liblsl of protocol 1.10 doesn't tell the round trip.
    this.options.measured?.({ time, offset, uncertainty: Number.NaN });
  }

  #receive(): void {
    const { inlet, liblsl } = this;
    const { channelFormat, channelCount } = this.info;
    if (channelFormat === 'string') {
      const times = new Float64Array(CHUNK);
      const error = new Int32Array(1);
      this.#poll(() => {
        const values = liblsl.pullTextNow(inlet, times, channelCount, error);
        this.#give({ times: times.slice(0, values.length / channelCount), values }, error[0]);
        return values.length > 0;
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
      const receiving = this.#wait(channelFormat, buffers, take);
      owned(receiving, (error) => this.#end(lslErrorOf(error)));
      this.#after(receiving.catch(() => {}));
    } else this.#poll(() => take(liblsl.pullNow(inlet, channelFormat, buffers)));
  }

  async #wait(
    format: keyof typeof numericLayouts,
    buffers: PullBuffers,
    take: (got: number) => boolean,
  ): Promise<void> {
    waiting++;
    const values = numericLayouts[format].values(this.info.channelCount);
    const first = { ...buffers, times: buffers.times.subarray(0, 1), values };
    try {
      while (this.#isOpen) {
        // A pull of many samples waits for all of them: wait for one, then take what else is there.
        const got = await this.liblsl.pull(this.inlet, format, first, PULL_S);
        if (!this.#isOpen) return;
        const one = got > 0 ? { times: first.times.slice(), values: values.slice() } : null;
        if (one) this.#give(one, 0);
        if (one && this.#isOpen) take(this.liblsl.pullNow(this.inlet, format, buffers));
        else if (first.error[0] === LOST) this.#end();
      }
    } finally {
      waiting--;
    }
  }

  #poll(pull: () => boolean): void {
    this.#timers.push(
      this.context.clock.every(POLL_S, () => {
        try {
          while (this.#isOpen && pull());
        } catch (error) {
          this.#end(lslErrorOf(error));
        }
      }),
    );
  }

  #give(batch: SampleBatch, error: number): void {
    if (batch.times.length > 0 && this.#isOpen) this.options.samples(batch);
    if (error === LOST) this.#end();
  }

  #end(failure: LslError | null = null): void {
    if (!this.#isOpen) return;
    owned(this.close(), () => {});
    this.options.ended(failure);
  }
}
