import { createServer, type IncomingMessage, type Server, STATUS_CODES } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { type WebSocket, WebSocketServer } from 'ws';
import type { Clock } from '../../core/clock.js';
import { ConfigurationError } from '../../core/errors.js';
import type { EventSink } from '../../core/event.js';
import { errorOf } from '../../core/owned.js';
import type { Metrics } from '../../telemetry/metrics.js';
import type { Calls } from '../protocol/calls.js';
import { CloseCode } from '../protocol/close-code.js';
import type { ErrorCode } from '../protocol/error-code.js';
import { TokenBucket } from '../protocol/token-bucket.js';
import { INGEST_PATH, STREAM_PATH } from '../protocol/version.js';
import type { WebSocketSink } from '../sinks/websocket.js';
import type { WebSocketSource } from '../sources/websocket.js';
import { Access, addressOf, chooseSubprotocol, isLoopback, requestUrl } from './access.js';
import { Downloads, type OpenFile } from './downloads.js';
import { HttpCalls } from './http-calls.js';
import { pages } from './pages.js';

export const DEFAULT_HOST = '127.0.0.1';
export const DEFAULT_PORT = 8765;

export interface ServerOptions {
  readonly clock: Clock;
  readonly events: EventSink;
  readonly metrics: Metrics;
  /** Serves `/v1/ingest`. */
  readonly source?: WebSocketSource;
  /** Serves `/v1/stream`. */
  readonly sink?: WebSocketSink;
  /** Served over HTTP; the sink has them, too. */
  readonly calls?: Calls;
  /** Opens what may be had at `/v1/recordings/`. Default: nothing may. */
  readonly openFile?: OpenFile;
  /** Default {@link DEFAULT_HOST}: this machine alone. */
  readonly host?: string;
  /** Default {@link DEFAULT_PORT}; 0 takes any free one. */
  readonly port?: number;
  readonly token?: string;
  /** Lets anyone who reaches `host` connect, where it isn't this machine alone and there is no token. */
  readonly allowWithoutToken?: boolean;
  /** PEM texts. */
  readonly tls?: { readonly cert: string; readonly key: string };
  readonly allowedHosts?: readonly string[];
  readonly allowedOrigins?: readonly string[];
  /** Why the daemon can't serve yet, or null; `/readyz` tells. Default: always ready. */
  readonly ready?: () => string | null;
  /** Folder of the dashboard; default: the one built beside this. */
  readonly dashboard?: string;
  /** WebSockets at once. Default 4096. */
  readonly max_connections?: number;
  /** WebSockets opened a second in the long run. Default 500. */
  readonly connections_per_s?: number;
}

export interface RunningServer {
  /** `http://127.0.0.1:8765/` */
  readonly url: string;
  readonly port: number;
  /** Closes every WebSocket with 1001 and stops, within 5 s. */
  close(): Promise<void>;
}

/** How long peers may take to answer a close, s; they are cut off then. */
const CLOSE_WAIT_S = 3;
/** A peer that answers none of two pings is gone; so is one that reads nothing for as long, whatever it sends. */
const PING_PERIOD_S = 30;

/** Programs in browsers don't see pings. */
const ALIVE = JSON.stringify({ jsonrpc: '2.0', method: 'alive' });

/** What is known of a connection at a ping. */
interface Followed {
  /** Pings since it was heard. */
  silent: number;
  readonly tcp: Socket;
  readonly from: string;
  /** Bytes that its system took, and whether more waited, at the last ping. */
  taken: number;
  waited: boolean;
}

/**
 * Serves the dashboard, `/metrics`, `/healthz`, `/readyz`, `/v1/schema` and both WebSockets.
 * @throws ConfigurationError `token-missing`, `tls-unusable`, `port-taken`, `port-forbidden`, `host-unusable`.
 */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const { host = DEFAULT_HOST, port = DEFAULT_PORT, token, tls } = options;
  if (token === '')
    throw new ConfigurationError('token-missing', 'the token is empty: put one in the token file');
  if (!isLoopback(host) && token === undefined && !options.allowWithoutToken)
    throw new ConfigurationError(
      'token-missing',
      `host ${host} can be reached from other machines: give a token (--token-file FILE), or bind to ${DEFAULT_HOST}`,
    );
  const access = new Access({ ...options, host });
  const http = tls ? secureServer(tls) : createServer();
  const upgrades = new Upgrades(options, access);
  const serve = pages({
    access,
    calls: new HttpCalls({
      ...{ access, calls: options.calls ?? {}, clock: options.clock, events: options.events },
    }),
    downloads: new Downloads({ access, clock: options.clock, open: options.openFile ?? null }),
    metrics: options.metrics,
    ready: options.ready ?? (() => null),
    dashboard: options.dashboard ?? fileURLToPath(new URL('../../../dist/dashboard', import.meta.url)),
  });
  const fault = (error: unknown, socket: Duplex): void => {
    options.events({ code: 'connection-failed', level: 'error', message: errorOf(error).message });
    socket.destroy();
  };
  http.on('request', (request, response) => {
    try {
      serve(request, response);
    } catch (error) {
      fault(error, request.socket);
    }
  });
  http.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    try {
      upgrades.take(request, socket, head);
    } catch (error) {
      fault(error, socket);
    }
  });
  await listen(http, host, port);
  http.on('error', ({ message }) => options.events({ code: 'connection-failed', level: 'error', message }));
  const bound = (http.address() as AddressInfo).port;
  const name = host.includes(':') ? `[${host}]` : host;
  return {
    url: `${tls ? 'https' : 'http'}://${name}:${bound}/`,
    port: bound,
    close: async () => {
      const closed = new Promise<void>((resolve) => http.close(() => resolve()));
      http.closeIdleConnections();
      await upgrades.close();
      http.closeAllConnections();
      await closed;
    },
  };
}

/** Takes WebSocket handshakes: who may, how many, and where they lead. */
class Upgrades {
  readonly #options: ServerOptions;
  readonly #access: Access;
  readonly #paths: ReadonlyMap<
    string,
    { server: WebSocketServer; accept: (socket: WebSocket, from: string, request: IncomingMessage) => void }
  >;
  readonly #sockets = new Map<WebSocket, Followed>();
  readonly #bucket: TokenBucket;
  readonly #pings: { cancel(): void };
  #stopping = false;
  #emptied: (() => void) | null = null;

  constructor(options: ServerOptions, access: Access) {
    this.#options = options;
    this.#access = access;
    const { clock, source, sink, connections_per_s = 500 } = options;
    this.#bucket = new TokenBucket(connections_per_s, connections_per_s, clock.now());
    const paths = new Map();
    const serve = (
      path: string,
      maxPayload: number,
      accept: (socket: WebSocket, from: string, request: IncomingMessage) => void,
    ): void => {
      const server = new WebSocketServer({
        ...{ noServer: true, maxPayload, perMessageDeflate: false, clientTracking: false },
        handleProtocols: chooseSubprotocol,
      });
      paths.set(path, { server, accept });
    };
    if (source)
      serve(INGEST_PATH, source.limits.max_frame_bytes, (socket, from, request) =>
        source.accept(socket, from, addressOf(request)),
      );
    if (sink)
      serve(STREAM_PATH, sink.limits.max_frame_bytes, (socket, from, request) =>
        sink.accept(socket, from, access.actRefusal(request)),
      );
    this.#paths = paths;
    this.#pings = clock.every(PING_PERIOD_S, () => this.#ping());
  }

  take(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on('error', () => socket.destroy());
    const { pathname } = requestUrl(request);
    const path = this.#paths.get(pathname);
    const refusal = this.#rejection(request, pathname);
    if (!path || refusal) {
      refuse(socket, ...(refusal ?? [404, `no WebSocket at ${pathname}`]));
      return;
    }
    path.server.handleUpgrade(request, socket, head, (webSocket) => {
      const from = `${pathname} ${request.socket.remoteAddress ?? ''}:${request.socket.remotePort ?? ''}`;
      const code = this.#refusal(request);
      this.#follow(webSocket, request.socket, from);
      if (code) this.#turnAway(webSocket, code);
      else path.accept(webSocket, from, request);
    });
  }

  /** Closes what is open with 1001; resolves when all is closed, or cut off. */
  async close(): Promise<void> {
    this.#stopping = true;
    this.#pings.cancel();
    const { source, sink, clock } = this.#options;
    await Promise.all([source?.close(), sink?.close()]);
    if (this.#sockets.size === 0) return;
    await new Promise<void>((resolve) => {
      const cutOff = clock.after(CLOSE_WAIT_S, () => {
        for (const socket of this.#sockets.keys()) socket.terminate();
      });
      this.#emptied = () => {
        cutOff.cancel();
        resolve();
      };
    });
  }

  #rejection(request: IncomingMessage, pathname: string): [status: number, message: string] | null {
    const { host, origin } = request.headers;
    if (this.#stopping) return [503, 'going-away: the daemon stops'];
    if (!this.#access.hostAllowed(request))
      return [403, `host-forbidden: not known as '${host ?? ''}'; ask for it by address`];
    if (!this.#paths.has(pathname))
      return [404, `not-found: no WebSocket at ${pathname}; there are ${[...this.#paths.keys()].join(', ')}`];
    if (!this.#access.originAllowed(request))
      return [403, `origin-forbidden: pages of ${origin} need the token, or to be allowed`];
    return null;
  }

  /** Browsers tell pages nothing of a failed handshake, so refusals come as a close that says why. */
  #refusal(request: IncomingMessage): ErrorCode | null {
    if (!this.#access.authorised(request)) return 'unauthorised';
    const { max_connections = 4096, clock } = this.#options;
    const tooFast = this.#bucket.take(clock.now()) > 0;
    return tooFast || this.#sockets.size >= max_connections ? 'too-many-connections' : null;
  }

  #turnAway(socket: WebSocket, code: ErrorCode): void {
    this.#options.metrics.connectionsRefused.inc({ code });
    const cutOff = this.#options.clock.after(CLOSE_WAIT_S, () => socket.terminate());
    socket.on('error', () => {});
    socket.on('close', () => cutOff.cancel());
    socket.close(CloseCode.policy, code);
  }

  #follow(socket: WebSocket, tcp: Socket, from: string): void {
    const state: Followed = { silent: 0, tcp, from, taken: 0, waited: false };
    this.#sockets.set(socket, state);
    const alive = () => {
      state.silent = 0;
    };
    socket.on('pong', alive);
    socket.on('message', alive);
    socket.on('close', () => {
      this.#sockets.delete(socket);
      if (this.#sockets.size === 0) this.#emptied?.();
    });
  }

  #ping(): void {
    for (const [socket, state] of this.#sockets) {
      if (state.silent++ >= 2 || this.#readsNothing(state)) socket.terminate();
      else if (socket.readyState === socket.OPEN) {
        socket.ping();
        socket.send(ALIVE);
      }
    }
  }

  /** Whether it has taken nothing since the last ping although more waited all the time. */
  #readsNothing(state: Followed): boolean {
    const { tcp, from, taken, waited } = state;
    state.waited = tcp.writableLength > 0;
    state.taken = tcp.bytesWritten - tcp.writableLength;
    if (!waited || !state.waited || state.taken > taken) return false;
    this.#options.events({
      code: 'client-cut',
      level: 'warn',
      message: `${from} has read nothing for ${PING_PERIOD_S} s: it is cut off`,
    });
    return true;
  }
}

function refuse(socket: Duplex, status: number, message: string): void {
  const body = `${message}\n`;
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\nContent-Type: text/plain\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    () => socket.destroy(),
  );
}

function secureServer(tls: { cert: string; key: string }): Server {
  try {
    return createTlsServer(tls);
  } catch (error) {
    throw new ConfigurationError(
      'tls-unusable',
      `the TLS certificate and key don't work (${(error as Error).message}): give PEM files that belong together (--tls-cert, --tls-key)`,
    );
  }
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(listenError(error, host, port)));
    server.listen(port, host, resolve);
  });
}

function listenError(error: NodeJS.ErrnoException, host: string, port: number): Error {
  switch (error.code) {
    case 'EADDRINUSE':
      return new ConfigurationError(
        'port-taken',
        `port ${port} on ${host} is taken: stop the program that has it, or choose another (--port ${port + 1})`,
      );
    case 'EACCES':
      return new ConfigurationError(
        'port-forbidden',
        `port ${port} needs rights that you don't have: choose one above 1023 (--port)`,
      );
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return new ConfigurationError(
        'host-unusable',
        `host ${host} is no address of this machine: choose another (--host)`,
      );
    default:
      return error;
  }
}
