import type {
  NackCode,
  NackParams,
  OpenParams,
  OpenResult,
  RpcError,
  StreamDeclaration,
} from '../protocol/control.js';
import { encodeSamples } from '../protocol/sample-frame.js';
import { INGEST_PATH } from '../protocol/version.js';
import {
  AffectdClientError,
  Connection,
  type ConnectionState,
  type ConnectOptions,
  type Message,
} from './connection.js';
import { Emitter } from './emitter.js';
import { isAckParams, isNackParams, isOpenResult, isRpcError } from './shapes.js';

export interface IngestOptions extends ConnectOptions {
  /** Name of the sender, under which the daemon lets it resume. Default: a random one. */
  readonly client?: string;
  readonly session?: string;
  /** Default `binary`; streams of markers always go as JSON. */
  readonly format?: 'binary' | 'json';
  /** Frames kept until they are acknowledged, above which `push` throws. Default 100 000. */
  readonly maxUnacknowledged?: number;
}

export interface IngestEvents {
  /** The daemon knows the stream; also after each reconnect. */
  readonly open: OpenResult;
  /** Index of the newest frame that is safe, as `push` returned it. */
  readonly ack: number;
  /** A frame is not kept, at least not yet: the recording's disk takes nothing. */
  readonly nack: Refusal;
  /**
   * A frame was refused, and is not sent again, the stream can't be opened, or the daemon sent what is no message
   * (`invalid-message`); that is left out.
   */
  readonly error: AffectdClientError;
  readonly state: ConnectionState;
}

export interface Refusal {
  /** As `push` returned it. */
  readonly index: number;
  readonly code: NackCode;
  /** Whether it is tried again; else it is lost, and so given up. */
  readonly held: boolean;
}

/** Samples [n][C], or [n * C] sample by sample; null, NaN = missing; text for markers. */
export type Samples = Float32Array | readonly (readonly (number | null | string)[])[];

interface Frame {
  readonly index: number;
  /** Its place among the frames of all streams of the connection, as they were pushed. */
  readonly place: number;
  readonly samples: Samples;
  readonly time: number | readonly number[] | Float64Array;
}

/** How long to wait before frames that the daemon did not take are sent again, s. */
const RESEND_S = 0.5;
/** How soon it is asked again whether a frame is kept, and how rarely at last, s. */
const ASKS_S = [1, 10] as const;

/** What a stream asks of its connection. */
interface IngestOwner {
  /** Places frames of all streams in the order of pushing. */
  nextPlace(): number;
  /** The stream's frames may be sent, or it waits for nothing any more. */
  settled(): void;
  closed(): void;
}

/** One stream of an {@link IngestConnection}. Frames are kept until acknowledged, and sent again after a reconnect. */
export class IngestStream {
  readonly #emitter = new Emitter<IngestEvents>();
  readonly #connection: Connection;
  readonly #params: OpenParams;
  readonly #options: IngestOptions;
  readonly #owner: IngestOwner;
  readonly #channels: number;
  /** By index, in order. */
  readonly #unacknowledged = new Map<number, Frame>();
  #pushed = 0;
  /** Index of the frame that has sequence number 0 on the wire. */
  #origin = 0;
  #opened: OpenResult | null = null;
  #everOpened = false;
  /** Whether the daemon was asked to open it, and hasn't answered. */
  #isOpening = false;
  /** Whether everything that waits has been sent, so that what is pushed is sent at once. */
  #isCaughtUp = false;
  #paused: { cancel(): void } | null = null;
  /** Asks again for the first frame that isn't kept. */
  #asking: { cancel(): void } | null = null;
  #asks_s: number = ASKS_S[0];
  /** Index of the newest of them. */
  #refusedTo = -1;
  #waiting: { resolve(): void; reject(error: Error): void }[] = [];
  #failed: AffectdClientError | null = null;

  /** @internal {@link IngestConnection.open} makes it. */
  constructor(connection: Connection, params: OpenParams, options: IngestOptions, owner: IngestOwner) {
    this.#connection = connection;
    this.#params = params;
    this.#options = options;
    this.#owner = owner;
    this.#channels = params.stream.channels.length;
    if (connection.isOpen) this.open();
  }

  /** Wire id, while open. */
  get id(): number | null {
    return this.#opened?.stream ?? null;
  }

  /** Frames not yet acknowledged. */
  get unacknowledged(): number {
    return this.#unacknowledged.size;
  }

  on<E extends keyof IngestEvents>(event: E, listener: (value: IngestEvents[E]) => void): () => void {
    return this.#emitter.on(event, listener);
  }

  /**
   * @param time Stamp of the first sample, s, or all [n] stamps.
   * @returns The frame's index, counted from 0; `ack` tells it.
   * @throws RangeError for samples that don't fit the stream, too many of them, or a full buffer.
   */
  push(samples: Samples, time: number | readonly number[] | Float64Array): number {
    if (this.#failed) throw this.#failed;
    const n = samples instanceof Float32Array ? samples.length / this.#channels : samples.length;
    if (!Number.isInteger(n) || n === 0)
      throw new RangeError(`${samples.length} values are no samples of ${this.#channels} channels`);
    if (typeof time !== 'number' && time.length !== n)
      throw new RangeError(`${time.length} stamps for ${n} samples`);
    if (!(samples instanceof Float32Array) && samples.some((sample) => sample.length !== this.#channels))
      throw new RangeError(`every sample needs ${this.#channels} values`);
    if (this.#opened) this.#requireTaken(samples, n, typeof time === 'number' ? 0 : n, this.#opened.limits);
    if (this.#unacknowledged.size >= (this.#options.maxUnacknowledged ?? 100_000))
      throw new RangeError(`${this.#unacknowledged.size} frames wait for the daemon: the buffer is full`);
    const frame = { index: this.#pushed++, place: this.#owner.nextPlace(), samples, time };
    this.#unacknowledged.set(frame.index, frame);
    if (this.#isCaughtUp) this.send(frame);
    return frame.index;
  }

  /** Before it is sent. @throws RangeError for more than the daemon takes in one frame. */
  #requireTaken(samples: Samples, n: number, stamps: number, limits: OpenResult['limits']): void {
    const { max_samples, max_json_values, max_markers } = limits;
    const isText = isTextual(samples);
    const values = n * this.#channels + stamps;
    const isJson = isText || this.#options.format === 'json';
    const most = isText ? Math.min(max_samples, max_markers) : max_samples;
    if (n > most) throw new RangeError(`${n} samples in a frame; the daemon takes ${most}`);
    if (isJson && values > max_json_values)
      throw new RangeError(
        `${values} values and stamps in a frame of JSON; the daemon takes ${max_json_values}`,
      );
  }

  /** Resolves once every frame pushed so far is safe. */
  drain(): Promise<void> {
    if (this.#failed) return Promise.reject(this.#failed);
    if (this.#unacknowledged.size === 0) return Promise.resolve();
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
  }

  /** Waits until everything is safe, then ends the stream; over reconnects, if need be. */
  async close(): Promise<void> {
    try {
      await this.drain();
      while (!(await this.#ended())) await this.#reopened();
    } catch (error) {
      // A stream that failed, or whose connection was closed, has nothing left to end.
      if (!(error instanceof AffectdClientError)) throw error;
    } finally {
      this.#stopWaiting();
      this.#opened = null;
      this.#isCaughtUp = false;
      this.#owner.closed();
    }
  }

  /** Whether the daemon was there to end the stream. */
  async #ended(): Promise<boolean> {
    if (!this.#opened) return false;
    try {
      await this.#connection.request('close', { stream: this.#opened.stream });
      return true;
    } catch (error) {
      if (error instanceof AffectdClientError && error.code === 'disconnected') return false;
      throw error;
    }
  }

  async #reopened(): Promise<void> {
    if (this.#failed) throw this.#failed;
    const stops: (() => void)[] = [];
    const opened = new Promise<unknown>((resolve, reject) => {
      stops.push(this.on('open', resolve), this.on('error', reject));
    });
    await opened.finally(() => {
      for (const stop of stops) stop();
    });
  }

  /** @internal Called by the connection, when it is there. */
  open(): void {
    this.#isOpening = true;
    this.#connection.request('open', this.#params, isOpenResult).then(
      (result) => this.#resume(result),
      (error: AffectdClientError) => {
        this.#isOpening = false;
        if (error.code === 'disconnected') return;
        if (error.code === 'not-ready') this.#connection.timers.after(RESEND_S, () => this.open());
        else this.#fail(error);
        this.#owner.settled();
      },
    );
  }

  /** @internal Called by the connection: whether others wait until this stream can send. */
  get isAwaited(): boolean {
    return this.#isOpening || this.#paused !== null;
  }

  /** @internal Called by the connection: takes what waits, which it will send at once; from then on frames are sent as they are pushed. */
  takeBacklog(): Iterable<Frame> {
    if (!this.#opened || this.#isCaughtUp || this.#paused) return [];
    this.#isCaughtUp = true;
    return this.#unacknowledged.values();
  }

  /** @internal Called by the connection. */
  state(state: ConnectionState): void {
    if (state !== 'open') {
      this.#opened = null;
      this.#isOpening = false;
      this.#isCaughtUp = false;
      this.#stopWaiting();
    }
    this.#emitter.emit('state', state);
    if (state === 'closed') this.#fail(new AffectdClientError('closed', 'the connection is closed'));
  }

  /** @internal Whether it sent a frame that the daemon speaks of, or this client did before it was started anew. */
  sent(seq: number): boolean {
    return this.#indexOf(seq) < this.#pushed;
  }

  /** @internal Called by the connection: every frame up to `seq` is safe. */
  acknowledge(seq: number): void {
    let newest: number | null = null;
    for (const frame of this.#unacknowledged.values()) {
      if (((seq - this.#seqOf(frame)) | 0) < 0) break;
      newest = frame.index;
      this.#unacknowledged.delete(newest);
    }
    if (newest === null) return;
    this.#asking?.cancel();
    this.#asking = null;
    this.#asks_s = ASKS_S[0];
    const [first] = this.#unacknowledged.keys();
    if (first !== undefined && first <= this.#refusedTo) this.#ask();
    this.#emitter.emit('ack', newest);
    if (this.#unacknowledged.size === 0) this.#settle(({ resolve }) => resolve());
  }

  /** @internal Called by the connection: a frame is not kept. What the daemon holds is kept here, too, until it is. */
  notKept({ seq, code, held }: NackParams): void {
    const index = this.#indexOf(seq);
    if (!this.#unacknowledged.has(index)) return;
    if (held) {
      this.#refusedTo = Math.max(this.#refusedTo, index);
      this.#ask();
    } else {
      this.#unacknowledged.delete(index);
      this.#skip(seq, seq);
    }
    this.#emitter.emit('nack', { index, code, held });
    if (this.#unacknowledged.size === 0) this.#settle(({ resolve }) => resolve());
  }

  /** Sends the first frame that isn't acknowledged again, after a while. */
  #ask(): void {
    this.#asking ??= this.#connection.timers.after(this.#asks_s, () => {
      this.#asking = null;
      this.#asks_s = Math.min(2 * this.#asks_s, ASKS_S[1]);
      const [first] = this.#unacknowledged.values();
      if (first && this.#opened) this.send(first);
    });
  }

  #skip(from: number, to: number): void {
    if (!this.#opened) return;
    const params = { stream: this.#opened.stream, from, to };
    this.#connection.send(JSON.stringify({ jsonrpc: '2.0', method: 'skip', params }));
  }

  #stopWaiting(): void {
    this.#paused?.cancel();
    this.#paused = null;
    this.#asking?.cancel();
    this.#asking = null;
  }

  /** @internal Called by the connection: the daemon refused a frame. */
  refuse(error: RpcError): void {
    const { code, seq } = error.data;
    if (code === 'not-ready' || code === 'seq-gap') {
      this.#isCaughtUp = false;
      this.#paused ??= this.#connection.timers.after(RESEND_S, () => {
        this.#paused = null;
        this.#owner.settled();
      });
      return;
    }
    if (seq !== undefined) this.#unacknowledged.delete(this.#indexOf(seq));
    this.#emitter.emit('error', new AffectdClientError(code, error.message));
    if (this.#unacknowledged.size === 0) this.#settle(({ resolve }) => resolve());
  }

  /** @internal Called by the connection: the daemon sent what is no message. */
  invalid(error: AffectdClientError): void {
    this.#emitter.emit('error', error);
  }

  #resume(result: OpenResult): void {
    const next = result.last_seq === null ? 0 : (result.last_seq + 1) >>> 0;
    // Frames of an earlier run of this client that the daemon has taken aren't acknowledged yet, and aren't ours.
    const { next_seq: own = next } = this.#everOpened ? {} : result;
    if (!this.#everOpened || !result.resumed) {
      const [first = this.#pushed] = this.#unacknowledged.keys();
      this.#origin = first - own;
    }
    this.#everOpened = true;
    this.#opened = result;
    if (own !== next) this.#skip(next, (own - 1) >>> 0);
    this.#isOpening = false;
    if (result.resumed && result.last_seq !== null) this.acknowledge(result.last_seq);
    this.#giveUpBefore(own);
    this.#owner.settled();
    this.#emitter.emit('open', result);
  }

  /** Frames from `next` on that nobody holds any more: the daemon had them, and lost them. */
  #giveUpBefore(next: number): void {
    const [first] = this.#unacknowledged.values();
    const to = ((first ? this.#seqOf(first) : this.#pushed - this.#origin) - 1) >>> 0;
    if (((to - next) | 0) >= 0) this.#skip(next, to);
  }

  /** Of the frame that has `seq`, as long as fewer than 2^31 wait. */
  #indexOf(seq: number): number {
    return this.#pushed + ((seq - ((this.#pushed - this.#origin) >>> 0)) | 0);
  }

  #seqOf(frame: Frame): number {
    return (frame.index - this.#origin) >>> 0;
  }

  /** @internal Called by the connection, too. */
  send(frame: Frame): void {
    const stream = this.#opened!.stream;
    const seq = this.#seqOf(frame);
    const { samples, time } = frame;
    const stamped = typeof time !== 'number';
    if (isTextual(samples) || this.#options.format === 'json') {
      const data = samples instanceof Float32Array ? rowsOf(samples, this.#channels) : samples;
      const stamps = stamped ? { times: [...time] } : { t0: time };
      const params = { stream, seq, ...stamps, data };
      this.#connection.send(JSON.stringify({ jsonrpc: '2.0', method: 'push', params }));
      return;
    }
    this.#connection.send(
      encodeSamples(
        {
          stream,
          seq,
          t0: stamped ? Number.NaN : time,
          times: stamped ? Float64Array.from(time) : null,
          data:
            samples instanceof Float32Array
              ? samples
              : Float32Array.from(samples.flat(), (value) => (value === null ? Number.NaN : Number(value))),
        },
        this.#channels,
      ),
    );
  }

  #fail(error: AffectdClientError): void {
    if (this.#failed) return;
    this.#failed = error;
    this.#emitter.emit('error', error);
    this.#settle(({ reject }) => reject(error));
  }

  #settle(each: (waiting: { resolve(): void; reject(error: Error): void }) => void): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const one of waiting) each(one);
  }
}

/**
 * Streams of one sender over one connection, which comes back by itself. What waited meanwhile is sent in the order in which it was
 * pushed, over all streams: windows must not close on one sensor while another one's samples still wait.
 */
export class IngestConnection {
  readonly #streams = new Set<IngestStream>();
  #places = 0;
  readonly #options: IngestOptions;
  readonly #client: string;
  readonly #connection: Connection;

  constructor(url: string | URL, options: IngestOptions = {}) {
    this.#options = options;
    this.#client = options.client ?? randomName();
    this.#connection = new Connection(url, INGEST_PATH, options, {
      opened: () => {
        for (const stream of this.#streams) stream.open();
      },
      text: (message) => this.#receive(message),
      invalid: (error) => {
        for (const stream of this.#streams) stream.invalid(error);
      },
      state: (state) => {
        for (const stream of this.#streams) stream.state(state);
      },
    });
  }

  open(stream: StreamDeclaration): IngestStream {
    const params = { client: this.#client, session: this.#options.session, stream };
    const opened = new IngestStream(this.#connection, params, this.#options, {
      nextPlace: () => this.#places++,
      settled: () => this.#catchUp(),
      closed: () => {
        this.#streams.delete(opened);
        this.#catchUp();
      },
    });
    this.#streams.add(opened);
    return opened;
  }

  /** Drops the connection as a fault would; it comes back by itself and nothing is lost. */
  drop(): void {
    this.#connection.drop();
  }

  /** Closes the connection as it is: frames that are not acknowledged are lost, and streams end after the daemon's grace. */
  abandon(): void {
    this.#connection.close();
  }

  /** Ends every stream once its frames are safe, then the connection. */
  async close(): Promise<void> {
    await Promise.all([...this.#streams].map((stream) => stream.close()));
    this.#connection.close();
  }

  /** Sends what waits, once no stream is awaited. */
  #catchUp(): void {
    const streams = [...this.#streams];
    if (streams.some((stream) => stream.isAwaited)) return;
    const waiting = streams.flatMap((stream) =>
      Array.from(stream.takeBacklog(), (frame) => ({ stream, frame })),
    );
    waiting.sort((a, b) => a.frame.place - b.frame.place);
    for (const { stream, frame } of waiting) stream.send(frame);
  }

  /** Whether it is a message of the protocol. What this client knows nothing of is left out. */
  #receive({ method, params, error }: Message): boolean {
    if (isRpcError(error)) {
      for (const stream of this.#streams) if (stream.id === error.data.stream) stream.refuse(error);
    } else if (method === 'ack') {
      if (!isAckParams(params)) return false;
      for (const stream of this.#streams) {
        if (stream.id !== params.stream) continue;
        if (!stream.sent(params.seq)) return false;
        stream.acknowledge(params.seq);
      }
    } else if (method === 'nack') {
      if (!isNackParams(params)) return false;
      for (const stream of this.#streams) if (stream.id === params.stream) stream.notKept(params);
    }
    return true;
  }
}

/**
 * One stream over a connection of its own; `close()` ends both.
 * @param url The daemon, `http://127.0.0.1:8765` or `ws://...`.
 * @example
 * const eeg = openIngest('ws://127.0.0.1:8765', {
 *   stream: { name: 'headset', type: 'EEG', sfreq: 250, channels: ['Fp1', 'Fp2'], unit: 'uV' },
 * });
 * eeg.push([[1.5, -2.1], [1.7, -2.0]], 0);
 * await eeg.close();
 */
export function openIngest(
  url: string | URL,
  options: IngestOptions & { readonly stream: StreamDeclaration },
): IngestStream {
  const connection = new IngestConnection(url, options);
  const stream = connection.open(options.stream);
  const close = stream.close.bind(stream);
  stream.close = async () => {
    await close();
    await connection.close();
  };
  return stream;
}

function isTextual(samples: Samples): boolean {
  return !(samples instanceof Float32Array) && typeof samples[0][0] === 'string';
}

function rowsOf(samples: Float32Array, channels: number): (number | null)[][] {
  return Array.from({ length: samples.length / channels }, (_, i) =>
    Array.from(samples.subarray(i * channels, (i + 1) * channels), (v) => (Number.isFinite(v) ? v : null)),
  );
}

function randomName(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(8));
  return `client-${[...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('')}`;
}
