import type { Server, Socket } from 'node:net';
import type { Seconds } from '../../core/clock.js';
import { numericLayouts, type SampleBatch, sliceBatch } from './channel-format.js';
import { LslError, lslErrorOf } from './lsl-error.js';
import { bindInRange, carrierOf, type LslContext, usableInterfaces } from './network.js';
import { Rejections } from './rejections.js';
import {
  createStreamInfo,
  formatInfo,
  type LslStreamInfo,
  PROTOCOL_VERSION,
  type StreamDescription,
} from './stream-info.js';
import { listenAddress, matchesQuery, UdpService } from './udp-service.js';
import { ByteBuffer } from './wire/byte-buffer.js';
import {
  count,
  type FeedRequest,
  formatFeedResponse,
  formatRefusal,
  headerEnd,
  MAX_HEADER_BYTES,
  parseFeedRequest,
  printable,
} from './wire/feed-header.js';
import { ArchiveEncoder } from './wire/portable-archive.js';
import { encodeSamples, type OutgoingBatch, testPattern, testPatternOffsets } from './wire/sample-encoder.js';

/** How long a peer may take to say what it wants, s. */
const REQUEST_TIMEOUT_S = 10;
const MAX_CONNECTIONS = 1024;
/** How long a receiver may take to read what it was sent before the stream ended, s. */
const FLUSH_S = 1;

export interface OutletOptions {
  /** Most that is kept for a receiver that doesn't read, s of data (irregular streams: hundreds of samples). Default 360. */
  readonly maxBuffered_s?: Seconds;
  /** A receiver came or went; `consumers` that there are now. */
  readonly consumersChanged?: (consumers: number) => void;
}

/** Writes one batch as a client's protocol has it. */
type Encode = (batch: OutgoingBatch) => Buffer;

interface Waiting {
  readonly bytes: Buffer;
  readonly samples: number;
}

interface PortNumbers {
  readonly v4: number;
  readonly v6: number;
}

/** A sample with a stamp of its own begins so; the rest never comes. */
const HALF_A_SAMPLE = Buffer.from([2, 0, 0]);

const refuse = (socket: Socket): void => void socket.destroy();

/** The ports of a stream, open before anybody can find it. */
export class OutletPorts {
  private constructor(
    readonly service: UdpService,
    readonly time: PortNumbers,
    readonly servers: readonly Server[],
    readonly data: PortNumbers,
  ) {}

  /** @throws ConfigurationError `lsl-ports-taken`; the system's error where no port can be had. */
  static async open(context: LslContext): Promise<OutletPorts> {
    const { service, ports } = await UdpService.open(context);
    const servers: Server[] = [];
    const data = { v4: 0, v6: 0 };
    try {
      const local = usableInterfaces(context);
      for (const family of [4, 6] as const) {
        const own = local.filter((at) => at.family === family);
        if (own.length === 0 || (family === 6 && ports.v6 === 0)) continue;
        const server = await bindInRange(context.config, (port) =>
          carrierOf(context).listen(port, listenAddress(context, own, family), family === 6),
        );
        server.on('connection', refuse);
        servers.push(server);
        data[family === 4 ? 'v4' : 'v6'] = (server.address() as { port: number }).port;
      }
    } catch (error) {
      service.close();
      for (const server of servers) server.close();
      throw error;
    }
    return new OutletPorts(service, ports, servers, data);
  }

  /** Gives them back, where no stream has them. */
  close(): void {
    this.service.close();
    for (const server of this.servers) server.close();
  }
}

/** A stream that this process offers: any number of receivers, each with a queue of its own. */
export class Outlet {
  #info: LslStreamInfo;
  readonly #context: LslContext;
  readonly #options: OutletOptions;
  readonly #rejections: Rejections;
  readonly #service: UdpService;
  readonly #servers: readonly Server[];
  readonly #connections = new Set<Socket>();
  readonly #feeds = new Set<Feed>();
  #isOpen = true;

  private constructor(
    context: LslContext,
    options: OutletOptions,
    info: LslStreamInfo,
    { service, servers }: OutletPorts,
  ) {
    this.#context = context;
    this.#options = options;
    this.#rejections = new Rejections(context);
    this.#info = info;
    this.#service = service;
    this.#servers = servers;
    for (const server of servers) {
      server.off('connection', refuse);
      server.on('connection', (socket) => this.#serve(socket));
    }
    service.serve(info);
  }

  /**
   * Offers the stream; resolves once it can be found. `ports`: those that were opened for it; default: it opens its own.
   * @throws LslError `unsupported`; as {@link OutletPorts.open} does.
   */
  static async create(
    context: LslContext,
    description: Partial<StreamDescription> & Pick<StreamDescription, 'name' | 'type'>,
    options: OutletOptions = {},
    ports?: OutletPorts,
  ): Promise<Outlet> {
    const declared = createStreamInfo(description, {
      createdAt: context.clock.now(),
      sessionId: context.config.sessionId,
      hostname: carrierOf(context).hostname,
    });
    const opened = ports ?? (await OutletPorts.open(context));
    const { data, time } = opened;
    const info: LslStreamInfo = {
      ...declared,
      v4: { address: '', dataPort: data.v4, servicePort: time.v4 },
      v6: { address: '', dataPort: data.v6, servicePort: time.v6 },
    };
    return new Outlet(context, options, info, opened);
  }

  get info(): LslStreamInfo {
    return this.#info;
  }

  /** Replaces the children of `desc`: those who ask from now on get these. Receivers lose nothing. */
  redescribe(description: LslStreamInfo['description']): void {
    this.#info = { ...this.#info, description };
    this.#service.serve(this.#info);
  }

  get consumers(): number {
    return this.#feeds.size;
  }

  /** Resolves when there is a receiver, or after `timeout_s`; whether there is one. */
  waitForConsumers(timeout_s: Seconds): Promise<boolean> {
    if (this.consumers > 0) return Promise.resolve(true);
    return new Promise((resolve) => {
      const end = (): void => {
        timer.cancel();
        this.#arrivals.delete(end);
        resolve(this.consumers > 0);
      };
      const timer = this.#context.clock.after(timeout_s, end);
      this.#arrivals.add(end);
    });
  }
  readonly #arrivals = new Set<() => void>();

  /**
   * Sends samples.
   * @param values [n * C] sample by sample, in an array of the stream's format; text for string streams.
   * @param times [n] stamps, s on this machine's clock; or the last sample's, from which the others follow by the
   *   nominal rate. Default: now.
   * @throws LslError `unsupported` for values that don't fit the stream.
   */
  push(values: SampleBatch['values'], times: Float64Array | Seconds = this.#context.clock.now()): void {
    const batch = this.#batch(values, times);
    if (batch.times.length === 0 || this.#feeds.size === 0) return;
    const encoded = new Map<string, readonly Waiting[]>();
    for (const feed of this.#feeds) {
      const { bigEndian, maxChunkLength } = feed.request;
      const key = `${bigEndian} ${maxChunkLength}`;
      let parts = feed.ownEncoding ? undefined : encoded.get(key);
      if (!parts) {
        const encode = feed.ownEncoding ?? ((part: OutgoingBatch) => encodeSamples(part, bigEndian));
        parts = this.#parts(batch, maxChunkLength).map((part) => ({
          bytes: encode(part),
          samples: part.times.length,
        }));
        if (!feed.ownEncoding) encoded.set(key, parts);
      }
      for (const part of parts) feed.offer(part);
    }
  }

  /** Transmissions of at most `length` samples; 0: of one. */
  #parts(batch: OutgoingBatch, length: number): readonly OutgoingBatch[] {
    const samples = batch.times.length;
    if (length === 0 || samples <= length) return [batch];
    return Array.from({ length: Math.ceil(samples / length) }, (_, k) => {
      const end = Math.min(samples, (k + 1) * length);
      return { ...sliceBatch(batch, this.#info.channelCount, k * length, end), deduced: batch.deduced };
    });
  }

  /** Breaks the connections of those who receive, in the middle of a sample, as a fault would; they may come again. */
  cut(): void {
    for (const feed of [...this.#feeds]) {
      // What is pushed before the socket is gone would be the rest of the sample.
      this.#feeds.delete(feed);
      feed.socket.write(HALF_A_SAMPLE, () => feed.socket.destroy());
    }
  }

  /** Ends the stream, what was pushed delivered to those who read. Resolves once its ports are free. */
  async close(): Promise<void> {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#service.close();
    const closed = this.#servers.map(
      (server) => new Promise<void>((resolve) => server.close(() => resolve())),
    );
    const late = this.#context.clock.after(FLUSH_S, () => {
      for (const socket of this.#connections) socket.destroy();
    });
    for (const feed of this.#feeds) feed.end();
    for (const socket of this.#connections) if (socket.writableLength === 0) socket.destroy();
    await Promise.all(closed);
    late.cancel();
  }

  #batch(values: SampleBatch['values'], times: Float64Array | Seconds): OutgoingBatch {
    const { channelCount, channelFormat, nominalRate_hz } = this.info;
    const fits =
      channelFormat === 'string' ? Array.isArray(values) : numericLayouts[channelFormat].accepts(values);
    if (!fits) throw new LslError('unsupported', `stream '${this.info.name}' takes ${channelFormat} values`);
    const samples = channelCount === 0 ? 0 : values.length / channelCount;
    if (!Number.isInteger(samples))
      throw new LslError('unsupported', `${values.length} values don't make samples of ${channelCount}`);
    if (typeof times !== 'number') {
      if (times.length !== samples)
        throw new LslError('unsupported', `${times.length} stamps for ${samples} samples`);
      return { values, times, deduced: false };
    }
    const interval = nominalRate_hz > 0 ? 1 / nominalRate_hz : 0;
    const first = times - (samples - 1) * interval;
    return {
      values,
      times: Float64Array.from({ length: samples }, (_, i) => first + i * interval),
      deduced: true,
    };
  }

  #serve(socket: Socket): void {
    if (!this.#isOpen || this.#connections.size >= MAX_CONNECTIONS) return void socket.destroy();
    this.#connections.add(socket);
    socket.setNoDelay(true);
    socket.setKeepAlive(true, 15_000);
    socket.on('error', () => {});
    const slow = this.#context.clock.after(REQUEST_TIMEOUT_S, () => socket.destroy());
    const received = new ByteBuffer();
    const read = (bytes: Buffer): void => {
      received.append(bytes);
      try {
        if (!this.#answer(socket, received)) return;
      } catch (error) {
        this.#reject(socket, lslErrorOf(error));
      }
      slow.cancel();
      socket.off('data', read);
      // What a receiver sends afterwards means nothing, but its end must be seen.
      socket.resume();
    };
    socket.on('data', read);
    socket.on('close', () => {
      slow.cancel();
      this.#connections.delete(socket);
    });
  }

  #reject(socket: Socket, error: LslError): void {
    socket.end(formatRefusal(error));
    if (error.code === 'not-found') return;
    const { name } = this.#info;
    const from = socket.remoteAddress ?? 'a receiver';
    this.#rejections.tell(from, `${from} asked stream '${name}' for something odd: ${error.message}`, name);
  }

  /** Whether the request was whole and is answered. @throws LslError. */
  #answer(socket: Socket, received: ByteBuffer): boolean {
    const text = received.bytes.toString('utf8', 0, MAX_HEADER_BYTES);
    const lines = text.split('\n');
    if (lines.length < 2) {
      if (received.length >= MAX_HEADER_BYTES) throw new LslError('too-large', 'a request without end');
      return false;
    }
    const method = lines[0].trim();
    if (method === 'LSL:fullinfo') {
      socket.end(formatInfo(this.info, 'full'));
      return true;
    }
    if (method.startsWith('LSL:streamfeed/')) {
      const header = headerEnd(received.bytes);
      if (!header) return false;
      const request = parseFeedRequest(header.text, this.info);
      socket.write(formatFeedResponse(this.info, request));
      this.#feed(socket, request);
      return true;
    }
    if (method !== 'LSL:shortinfo' && method !== 'LSL:streamfeed')
      throw new LslError('malformed', `a request that LSL doesn't make: ${printable(method)}`);
    if (lines.length < 3) {
      if (received.length >= MAX_HEADER_BYTES) throw new LslError('too-large', 'a request without end');
      return false;
    }
    if (method === 'LSL:shortinfo') {
      socket.end(matchesQuery(this.info, lines[1].trim()) ? formatInfo(this.info, 'short') : '');
      return true;
    }
    const [maxBuffer, maxChunk] = lines[1].trim().split(/\s+/);
    const request: FeedRequest = {
      version: 100,
      uid: '',
      maxBufferLength: count(maxBuffer, 0),
      maxChunkLength: count(maxChunk, 0),
      bigEndian: false,
      dataVersion: 100,
      suppressSubnormals: false,
    };
    this.#feed(socket, request);
    return true;
  }

  #feed(socket: Socket, request: FeedRequest): void {
    const { channelFormat, channelCount } = this.info;
    let ownEncoding: Encode | null = null;
    if (request.dataVersion < PROTOCOL_VERSION) {
      const archive = new ArchiveEncoder(this.info);
      socket.write(archive.header());
      ownEncoding = (batch) => archive.encode(batch);
    }
    const encode = ownEncoding ?? ((batch: OutgoingBatch) => encodeSamples(batch, request.bigEndian));
    for (const offset of testPatternOffsets)
      socket.write(encode({ ...testPattern(channelFormat, channelCount, offset), deduced: false }));
    // A receiver that keeps nothing wants no data: liblsl's way to ask for the header alone.
    const limit = Math.min(request.maxBufferLength || Number.POSITIVE_INFINITY, this.#bufferLimit());
    const feed = new Feed(socket, request, ownEncoding, limit, (samples) =>
      this.#overflowed(socket, samples),
    );
    this.#feeds.add(feed);
    socket.on('close', () => {
      this.#feeds.delete(feed);
      this.#options.consumersChanged?.(this.consumers);
    });
    this.#options.consumersChanged?.(this.consumers);
    for (const arrival of [...this.#arrivals]) arrival();
  }

  #bufferLimit(): number {
    const { maxBuffered_s = 360 } = this.#options;
    return Math.max(1, Math.round(maxBuffered_s * (this.info.nominalRate_hz || 100)));
  }

  #overflowed(socket: Socket, samples: number): void {
    this.#context.events({
      code: 'samples-dropped',
      level: 'warn',
      message: `LSL: ${socket.remoteAddress} reads stream '${this.info.name}' too slowly: ${samples} samples left out`,
      stream: this.info.name,
      details: { samples },
    });
  }
}

/** What goes to one receiver. Samples that it doesn't take in time wait here; beyond the limit the oldest go. */
class Feed {
  readonly #waiting: Waiting[] = [];
  #samples = 0;
  #dropped = 0;

  constructor(
    readonly socket: Socket,
    readonly request: FeedRequest,
    /** Of protocol 1.00, whose bytes depend on what this receiver got before. */
    readonly ownEncoding: Encode | null,
    readonly limit: number,
    readonly overflowed: (samples: number) => void,
  ) {
    socket.on('drain', () => this.#drain());
  }

  offer(batch: Waiting): void {
    if (this.#waiting.length === 0 && !this.socket.writableNeedDrain) {
      this.socket.write(batch.bytes);
      return;
    }
    this.#waiting.push(batch);
    this.#samples += batch.samples;
    while (this.#samples > this.limit && this.#waiting.length > 1) {
      const { samples } = this.#waiting.shift()!;
      this.#samples -= samples;
      this.#dropped += samples;
    }
  }

  /** Sends what waits, and nothing after it. */
  end(): void {
    for (const { bytes } of this.#waiting.splice(0)) this.socket.write(bytes);
    if (this.socket.writableLength > 0) this.socket.end();
  }

  #drain(): void {
    if (this.#dropped > 0) this.overflowed(this.#dropped);
    this.#dropped = 0;
    while (this.#waiting.length > 0 && !this.socket.writableNeedDrain) {
      const { bytes, samples } = this.#waiting.shift()!;
      this.#samples -= samples;
      this.socket.write(bytes);
    }
  }
}
