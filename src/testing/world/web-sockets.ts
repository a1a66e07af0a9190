import { EventEmitter } from 'node:events';
import type { WebSocket } from 'ws';
import type { Seconds } from '../../core/clock.js';
import { Random } from '../../core/random.js';
import type { WebSocketConstructor, WebSocketLike } from '../../io/client/web-socket.js';
import { CloseCode } from '../../io/protocol/close-code.js';
import { decodeHeader } from '../../io/protocol/sample-frame.js';
import { INGEST_PATH } from '../../io/protocol/version.js';
import type { ServerOptions, startServer } from '../../io/server/server.js';
import { Line, type Route } from './line.js';
import type { ProcessClock, WorldTime } from './world-time.js';

/** What a WebSocket says of how it ended where nothing was said. */
const ABNORMAL = 1006;
/** Of a control frame, and what a frame adds to its message, bytes. */
const FRAME_BYTES = 8;

/** The daemon's end of a connection, as far as `ws` has it and the daemon uses it. */
class DoorSocket extends EventEmitter {
  readonly OPEN = 1;
  readyState: 1 | 2 | 3 = 1;
  isPaused = false;

  constructor(readonly connection: Connection) {
    super();
  }

  get bufferedAmount(): number {
    return this.connection.down.untaken;
  }

  send(bytes: Buffer, _options: object, taken: () => void): void {
    this.connection.down.send(bytes.length + FRAME_BYTES, () => this.connection.heard(bytes), { taken });
  }

  ping(name: string): void {
    this.connection.down.send(FRAME_BYTES, () =>
      this.connection.up.send(FRAME_BYTES, () => this.emit('pong', Buffer.from(name))),
    );
  }

  close(code: number, reason: string): void {
    if (this.readyState !== 1) return;
    this.readyState = 2;
    this.connection.down.send(FRAME_BYTES, () => this.connection.end(code, reason));
  }

  terminate(): void {
    this.connection.cut();
  }

  pause(): void {
    this.isPaused = true;
    this.connection.up.pause();
  }

  resume(): void {
    this.isPaused = false;
    this.connection.up.resume();
  }
}

/** The client's end, as browsers have it. */
class ClientSocket implements WebSocketLike {
  binaryType = 'arraybuffer';
  onopen: ((event: never) => void) | null = null;
  onmessage: ((event: never) => void) | null = null;
  onclose: ((event: never) => void) | null = null;
  onerror: ((event: never) => void) | null = null;
  isClosed = false;
  connection: Connection | null = null;

  send(data: string | Uint8Array): void {
    this.connection?.say(Buffer.from(data as Uint8Array), typeof data !== 'string');
  }

  close(code: number = CloseCode.normal): void {
    if (this.connection) this.connection.leave(code);
    else this.closed(ABNORMAL, '');
  }

  closed(code: number, reason: string): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.onclose?.({ code, reason } as never);
  }
}

/** One connection between a client and a daemon. */
class Connection {
  readonly door = new DoorSocket(this);
  readonly up: Line;
  readonly down: Line;
  /** By stream, the newest frame that was sent. */
  readonly #newest = new Map<number, number>();
  #isOver = false;

  constructor(
    readonly network: WebSocketNetwork,
    readonly client: ClientSocket,
    readonly host: ClientHost,
    daemon: ProcessClock,
    name: string,
  ) {
    const { time, seed } = network;
    this.up = new Line(time, host.route, daemon, new Random(seed, `${name} up`));
    this.down = new Line(time, host.route, host.clock, new Random(seed, `${name} down`));
  }

  say(bytes: Buffer, isBinary: boolean): void {
    const landed = (): void => this.#landed(bytes);
    this.up.send(
      bytes.length + FRAME_BYTES,
      () => this.door.emit('message', bytes, isBinary),
      isBinary ? { landed } : {},
    );
  }

  /** What is sent again, as a question whether it is kept, tells of no sample that is new. */
  #landed(bytes: Buffer): void {
    const { stream, seq } = decodeHeader(bytes);
    const newest = this.#newest.get(stream) ?? -1;
    if (seq <= newest) return;
    this.#newest.set(stream, seq);
    this.host.landed?.push(this.network.time.now);
  }

  heard(bytes: Buffer): void {
    this.client.onmessage?.({ data: bytes.toString() } as never);
  }

  /** The client closes: what it sent before arrives first. */
  leave(code: number): void {
    this.up.send(FRAME_BYTES, () => this.#over());
    this.#closeClient(code, '');
  }

  /** The daemon's close has come. */
  end(code: number, reason: string): void {
    this.#closeClient(code, reason);
    this.#over();
  }

  /** Both ends learn that it broke, each when it looks. */
  cut(): void {
    this.#closeClient(ABNORMAL, '');
    this.#over();
  }

  #closeClient(code: number, reason: string): void {
    this.host.clock.arrive(() => this.client.closed(code, reason));
  }

  #over(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.up.cut();
    this.down.cut();
    this.network.left(this);
    this.door.readyState = 3;
    this.up.reader.arrive(() => this.door.emit('close'));
  }
}

/** A machine on which clients of the daemon run. */
export interface ClientHost {
  readonly address: string;
  readonly clock: ProcessClock;
  readonly route: Route;
  /** When samples of it came to the daemon's machine, s of the world's time. */
  readonly landed?: Seconds[];
}

/** WebSockets of a world: one daemon at a time, and its clients. */
export class WebSocketNetwork {
  readonly #connections = new Set<Connection>();
  #daemon: { readonly options: ServerOptions; readonly clock: ProcessClock } | null = null;
  /** By address, how many a host has opened. */
  readonly #opened = new Map<string, number>();

  constructor(
    readonly time: WorldTime,
    readonly seed: number | string,
  ) {}

  /** Serves a daemon's clients, in place of its server. */
  serverOf(clock: ProcessClock): typeof startServer {
    return async (options) => {
      this.#daemon = { options, clock };
      return {
        url: 'http://world/',
        port: 0,
        close: async () => {
          this.#daemon = null;
          await Promise.all([options.source?.close(), options.sink?.close()]);
        },
      };
    };
  }

  /** The daemon's process is gone: its kernel tells its peers. */
  killed(): void {
    this.#daemon?.options.metrics.close();
    this.#daemon = null;
    for (const connection of [...this.#connections]) connection.cut();
  }

  /** Breaks all of a host's connections. */
  cut(host: ClientHost): void {
    for (const connection of [...this.#connections]) if (connection.host === host) connection.cut();
  }

  /** Has a host's clients read no more, or again. */
  read(host: ClientHost, isRead: boolean): void {
    for (const { host: other, down } of this.#connections)
      if (other === host) {
        if (isRead) down.resume();
        else down.pause();
      }
  }

  /** What waits in the daemon for clients that don't read: the most of any, bytes. */
  get mostUnread(): number {
    return Math.max(0, ...[...this.#connections].map(({ down }) => down.untaken));
  }

  left(connection: Connection): void {
    this.#connections.delete(connection);
  }

  /** What a host's clients make WebSockets with. */
  webSocketOf(host: ClientHost): WebSocketConstructor {
    const connect = (socket: ClientSocket, url: string): void => this.#connect(socket, url, host);
    return class extends ClientSocket {
      constructor(url: string) {
        super();
        connect(this, url);
      }
    };
  }

  #connect(socket: ClientSocket, url: string, host: ClientHost): void {
    const opened = (this.#opened.get(host.address) ?? 0) + 1;
    this.#opened.set(host.address, opened);
    // What one host does must not move what another one draws.
    const name = `connection ${opened} of ${host.address}`;
    // A handshake goes to and fro.
    this.time.at(Math.max(this.time.now + 2 * host.route.latency_s, host.route.heldUntil), () => {
      const daemon = this.#daemon;
      if (socket.isClosed) return;
      if (!daemon) return host.clock.arrive(() => socket.closed(ABNORMAL, ''));
      const { options, clock } = daemon;
      const connection = new Connection(this, socket, host, clock, name);
      this.#connections.add(connection);
      socket.connection = connection;
      const path = new URL(url).pathname;
      const endpoint = path === INGEST_PATH ? options.source : options.sink;
      clock.arrive(() => endpoint?.accept(connection.door as unknown as WebSocket, path, host.address));
      host.clock.arrive(() => {
        if (!socket.isClosed) socket.onopen?.({} as never);
      });
    });
  }
}
