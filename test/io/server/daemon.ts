import { once } from 'node:events';
import { connect as connectTcp } from 'node:net';
import { WebSocket } from 'ws';
import type { Clock } from '../../../src/core/clock.js';
import type { SessionEvent } from '../../../src/core/event.js';
import type { Calls } from '../../../src/io/protocol/calls.js';
import type { IngestLimits, StreamLimits } from '../../../src/io/protocol/limits.js';
import { type RunningServer, type ServerOptions, startServer } from '../../../src/io/server/server.js';
import { WebSocketSink } from '../../../src/io/sinks/websocket.js';
import { SharedSessions } from '../../../src/io/sources/door/shared-sessions.js';
import type { SessionMessage } from '../../../src/io/sources/source.js';
import { WebSocketSource, type WebSocketSourceOptions } from '../../../src/io/sources/websocket.js';
import { createMetrics } from '../../../src/telemetry/metrics.js';
import { runningClock } from '../../cli/running-clock.js';

export interface DaemonOptions {
  /** Default: one that this process turns. */
  readonly clock?: Clock;
  readonly ingest?: Partial<IngestLimits>;
  readonly stream?: Partial<StreamLimits>;
  readonly safe?: WebSocketSourceOptions['safe'];
  readonly stall?: WebSocketSourceOptions['stall'];
  readonly server?: Partial<ServerOptions>;
  /** Methods of `/v1/stream`. Default: none. */
  readonly calls?: Calls;
  /** Whether something takes the source's messages; default yes. */
  readonly consume?: boolean;
}

/** Source, sink and server as the daemon puts them together, on a free port. */
export async function startDaemon(options: DaemonOptions = {}) {
  const own = options.clock ? null : runningClock();
  const clock = options.clock ?? own!.clock;
  const events: SessionEvent[] = [];
  const received: SessionMessage[] = [];
  const metrics = createMetrics();
  const note = (event: SessionEvent) => events.push(event);
  const { safe, stall } = options;
  const sessions = new SharedSessions();
  const source = new WebSocketSource({
    ...{ clock, events: note, metrics, sessions, safe, ...(stall && { stall }) },
    limits: options.ingest,
  });
  const sink = new WebSocketSink({
    clock,
    events: note,
    metrics,
    limits: options.stream,
    run: 'r',
    calls: options.calls ?? {},
  });
  if (options.consume !== false)
    source.messages$.subscribe((taken) => {
      received.push(taken);
      sink.publishSignals(taken.session, taken.message);
    });
  const server: RunningServer = await startServer({
    clock,
    events: note,
    metrics,
    source,
    sink,
    port: 0,
    ...options.server,
  });
  return {
    clock,
    events,
    received,
    metrics,
    sessions,
    source,
    sink,
    server,
    port: server.port,
    url: server.url,
    /** Messages received of one kind. */
    chunks: () => received.flatMap(({ message }) => (message.kind === 'chunk' ? [message.chunk] : [])),
    /** Kinds of what came of streams. */
    kinds: () => received.map(({ message }) => message.kind).filter((kind) => kind !== 'zero'),
    /** Sum of a metric over its labels, as /metrics would print it now. */
    metricsOf: (name: string): number => {
      const metric = metrics.registry.getSingleMetric(name) as unknown as {
        hashMap: Record<string, { value: number }>;
      };
      return Object.values(metric.hashMap).reduce((sum, { value }) => sum + value, 0);
    },
    stop: async () => {
      await server.close();
      own?.stop();
      metrics.close();
    },
  };
}
export type Daemon = Awaited<ReturnType<typeof startDaemon>>;

type Json = Record<string, unknown> & {
  id?: unknown;
  method?: string;
  result?: Record<string, unknown>;
  params?: Record<string, unknown>;
  error?: { code: number; message: string; data: Record<string, unknown> };
};

/** A client that says exactly what it is told to, and hands out what it hears in order. */
export class RawClient {
  readonly #heard: Json[] = [];
  #wake: (() => void) | null = null;
  #requests = 0;
  readonly closed: Promise<{ code: number; reason: string }>;

  private constructor(readonly socket: WebSocket) {
    socket.on('message', (data) => {
      this.#heard.push(JSON.parse(String(data)));
      this.#wake?.();
    });
    socket.on('error', () => {});
    this.closed = new Promise((resolve) => {
      socket.on('close', (code, reason) => {
        resolve({ code, reason: reason.toString() });
        this.#wake?.();
      });
    });
  }

  static async connect(
    { port }: { port: number },
    path: '/v1/ingest' | '/v1/stream' | string,
    options: { protocols?: string[]; headers?: Record<string, string>; origin?: string } = {},
  ): Promise<RawClient> {
    const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`, options.protocols ?? [], {
      headers: options.headers,
      origin: options.origin,
    });
    const client = new RawClient(socket);
    await once(socket, 'open');
    return client;
  }

  get waiting(): number {
    return this.#heard.length;
  }

  /** The next message; fails when the connection closes first. */
  async next(): Promise<Json> {
    while (this.#heard.length === 0) {
      if (this.socket.readyState === WebSocket.CLOSED) throw new Error('the connection closed');
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    return this.#heard.shift()!;
  }

  async nextError(): Promise<Record<string, unknown>> {
    const message = await this.next();
    if (!message.error) throw new Error(`no error: ${JSON.stringify(message)}`);
    return message.error.data;
  }

  send(data: unknown): void {
    this.socket.send(data instanceof Uint8Array || typeof data === 'string' ? data : JSON.stringify(data));
  }

  /** Sends a request and returns the next message. */
  request(method: string, params: unknown): Promise<Json> {
    this.send({ jsonrpc: '2.0', id: ++this.#requests, method, params });
    return this.next();
  }

  notify(method: string, params: unknown): void {
    this.send({ jsonrpc: '2.0', method, params });
  }

  /** Declares a stream and returns its id. */
  async open(stream: Record<string, unknown> = {}, more: Record<string, unknown> = {}): Promise<number> {
    const declared = {
      name: 'headset',
      type: 'EEG',
      sfreq: 10,
      channels: ['Fp1', 'Fp2'],
      unit: 'uV',
      ...stream,
    };
    const answer = await this.request('open', { stream: declared, ...more });
    if (!answer.result) throw new Error(JSON.stringify(answer));
    return answer.result.stream as number;
  }

  async close(): Promise<void> {
    this.socket.close();
    await this.closed;
  }

  /** Cuts the connection without a word. */
  async kill(): Promise<void> {
    this.socket.terminate();
    await this.closed;
  }
}

/** Resolves when `condition` holds, which it may after any turn of the event loop. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}

/** What a bare HTTP request answers; the Host header may be anything. */
export async function httpRequest(
  port: number,
  path: string,
  headers: Record<string, string> = {},
  method = 'GET',
) {
  const socket = connectTcp(port, '127.0.0.1');
  const all = { Host: `127.0.0.1:${port}`, Connection: 'close', ...headers };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.write(`${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n`);
  let text = '';
  for await (const part of socket) text += part;
  const [head, ...body] = text.split('\r\n\r\n');
  return { status: Number(head.split(' ')[1]), head, body: body.join('\r\n\r\n') };
}
