import { EventEmitter, once } from 'node:events';
import { connect } from 'node:net';
import type { WebSocket } from 'ws';
import { VirtualClock } from '../../src/core/clock.js';
import type { SessionEvent } from '../../src/core/event.js';
import { type AffectdClientError, connectStream, IngestConnection } from '../../src/io/client/index.js';
import { type ErrorCode, ProtocolError } from '../../src/io/protocol/error-code.js';
import { decodeSamples, encodeSamples } from '../../src/io/protocol/sample-frame.js';
import { WebSocketSink } from '../../src/io/sinks/websocket.js';
import { SharedSessions } from '../../src/io/sources/door/shared-sessions.js';
import { WebSocketSource } from '../../src/io/sources/websocket.js';
import { ManualTimers } from '../io/client/manual-timers.js';
import { SpokenSocket, spoken } from '../io/client/spoken-socket.js';
import { type Daemon, startDaemon } from '../io/server/daemon.js';
import { type FuzzParser, seed, textSeed } from './parser.js';

/** The daemon's end of a connection, without a network: it hears what it is told to. */
class HeardSocket extends EventEmitter {
  readonly OPEN = 1;
  readyState = 1;
  isPaused = false;
  readonly sent: string[] = [];

  send(bytes: Uint8Array, _: unknown, done?: () => void): void {
    this.sent.push(Buffer.from(bytes).toString());
    done?.();
  }
  hear(bytes: Uint8Array, isBinary: boolean): void {
    if (this.readyState === 1) this.emit('message', Buffer.from(bytes), isBinary);
  }
  close(): void {
    if (this.readyState === 3) return;
    this.readyState = 3;
    this.emit('close', 1000, Buffer.alloc(0));
  }
  terminate(): void {
    this.close();
  }
  /** What the peer is told of its first message that wasn't taken. */
  throwFirstError(): void {
    for (const text of this.sent) {
      if (!text.includes('"error"')) continue;
      const { error } = JSON.parse(text) as { error?: { message: string; data: { code: ErrorCode } } };
      if (error?.data.code === 'internal-error') throw new Error(text);
      if (error) throw new ProtocolError(error.data.code, error.message);
    }
  }
  ping(): void {}
  pause(): void {
    this.isPaused = true;
  }
  resume(): void {
    this.isPaused = false;
  }
}

/** A fault of the daemon that a peer caused is told as an event. */
const noFault = (event: SessionEvent): void => {
  if (event.code === 'connection-failed' || event.code.includes('fault')) throw new Error(event.message);
};
const asked = (method: string, params: unknown, id = 1) =>
  JSON.stringify({ jsonrpc: '2.0', id, method, params });
const headset = { name: 'headset', type: 'EEG', sfreq: 100, channels: ['Fp1', 'Fp2'], unit: 'uV' };
const open = (stream: object = headset, more: object = {}) =>
  asked('open', { session: 's', stream, ...more });
const words = ['"', '{', '}', '[', ']', ',', ':', 'null', 'true', '1e999', '-1', '"jsonrpc":"2.0"', '"method":"open"', '"method":"push"', '"params":', '"id":', '"stream":', '"times":', '"data":', '"channels":', '"sfreq":', '"__proto__":', '"clock":"unix"', '"resume":false', '\n', '\\u0000', '\\ud800', '"*"', '"after":']; // biome-ignore format: one list

function ingest(use: (socket: HeardSocket, clock: VirtualClock) => void): void {
  const clock = new VirtualClock(100, 1_700_000_000);
  let fault: SessionEvent | null = null;
  const source = new WebSocketSource({
    clock,
    sessions: new SharedSessions(),
    events: (event) => {
      try {
        noFault(event);
      } catch {
        fault ??= event;
      }
    },
  });
  const taken = source.messages$.subscribe({ error: (error) => { throw error; } }); // biome-ignore format: one line
  const socket = new HeardSocket();
  source.accept(socket as unknown as WebSocket, 'fuzz');
  use(socket, clock);
  clock.advance(2);
  socket.close();
  clock.advance(40);
  taken.unsubscribe();
  void source.close();
  if (fault) throw new Error((fault as SessionEvent).message);
  socket.throwFirstError();
}

const frame = (seq: number, t0: number, times: Float64Array | null = null) =>
  encodeSamples({ stream: 0, seq, t0, times, data: Float32Array.of(1, 2, 3, 4, 5, 6) }, 2);

let daemon: Promise<Daemon> | null = null;

/** What a client says of messages that are none. */
class Refusals {
  #first: AffectdClientError | null = null;

  readonly hear = (error: AffectdClientError): void => {
    if (error.code === 'invalid-message') this.#first ??= error;
  };
  throwFirst(): void {
    if (this.#first) throw this.#first;
  }
}

/** The lines of `bytes`, as the daemon's messages. */
function say(bytes: Buffer): void {
  const socket = SpokenSocket.newest;
  socket.open();
  for (const line of bytes.toString('utf8').split('\n')) socket.say(line);
}

const result = (id: number, value: unknown) => JSON.stringify({ jsonrpc: '2.0', id, result: value });
const error = {
  code: -32602,
  message: 'no',
  data: { code: 'invalid-params', stream: 0, seq: 1, expected: 1 },
};
const limits = { max_frame_bytes: 1e6, max_channels: 64, frames_per_s: 100 };
const told = (method: string, params: unknown) => JSON.stringify({ jsonrpc: '2.0', method, params });

export const doorParsers: readonly FuzzParser[] = [
  {
    name: 'sample frame',
    kind: 'wire',
    seeds: () => [seed(frame(0, 0)), seed(frame(1, Number.NaN, Float64Array.of(0, 0.1, 0.2)))],
    words: [],
    run: (bytes) => decodeSamples(bytes, 2),
  },
  {
    name: 'ingest frames',
    kind: 'wire',
    seeds: () => [
      seed(frame(0, 0)),
      seed(frame(0, 1.7e9)),
      seed(frame(0, Number.NaN, Float64Array.of(0, 0.1, 0.2))),
    ],
    words: [],
    run: (bytes) =>
      ingest((socket, clock) => {
        socket.hear(Buffer.from(open()), false);
        socket.hear(bytes, true);
        for (let k = 1; k < 4; k++) {
          clock.advance(0.03);
          socket.hear(frame(k, k * 0.03), true);
        }
      }),
  },
  {
    name: 'ingest messages',
    kind: 'wire',
    seeds: () => [
      textSeed(
        [
          open(headset, { client: 'c' }),
          asked('push', { stream: 0, seq: 0, t0: 0, data: [[1, 2], [3, null], [5, 6]] }), // biome-ignore format: rows
          asked('push', { stream: 0, seq: 1, times: [0.03, 0.04, 0.05], data: [[1, 2], [3, 4], [5, 6]] }), // biome-ignore format: rows
          open({ ...headset, sfreq: 50 }, { client: 'c' }),
          asked('close', { stream: 0 }),
        ].join('\n'),
      ),
      textSeed(
        [
          open({ name: 'cues', type: 'Markers', sfreq: 0, channels: ['cue'] }),
          asked('push', { stream: 0, seq: 0, times: [1, 1.5], data: [['go'], ['stop']] }),
          open({
            ...{ name: 'tracker', type: 'Gaze', sfreq: 0, source_id: 'x', clock: 'unix', device: 'd' },
            channels: [
              { label: 'left_gaze_x', unit: 'px', type: 'gaze' },
              { label: 'left_pupil', unit: 'mm' },
            ],
            screen: { width_px: 1920, height_px: 1080, width_m: 0.53, height_m: 0.3, distance_m: 0.65 },
          }),
          asked('push', { stream: 1, seq: 0, times: [1.7e9, 1.7e9 + 0.1, 1.7e9 + 0.2], data: [[1, 2], [3, 4], [5, 6]] }), // biome-ignore format: rows
        ].join('\n'),
      ),
      textSeed(
        [
          open({ ...headset, type: 'ACC', channels: ['x', 'y', 'z'], unit: 'g', line_frequency_hz: 50 }),
          asked('push', { stream: 0, seq: 0, t0: 5, data: [[1, 2, 3]] }),
          asked('push', { stream: 0, seq: 1, t0: 1e9, data: [[1, 2, 3]] }),
        ].join('\n'),
      ),
    ],
    words,
    run: (bytes) =>
      ingest((socket, clock) => {
        for (const line of bytes.toString('latin1').split('\n')) {
          socket.hear(Buffer.from(line, 'latin1'), false);
          clock.advance(0.01);
        }
      }),
  },
  {
    name: 'subscriber messages',
    kind: 'wire',
    seeds: () => [
      textSeed(
        [
          asked('subscribe', { streams: ['affect', 'features'], session: 's', explain: true, nodes: ['a'] }),
          asked('subscribe', { streams: ['affect'], session: 's', after: { run: 'r', a: 3 } }),
          asked('subscribe', { streams: ['signals', 'sys'], policy: 'latest' }),
          asked('unsubscribe', { streams: ['affect'], session: '*' }),
        ].join('\n'),
      ),
    ],
    words,
    run: (bytes) => {
      const clock = new VirtualClock(100, 1_700_000_000);
      const sink = new WebSocketSink({ clock, run: 'r', events: noFault });
      const socket = new HeardSocket();
      sink.accept(socket as unknown as WebSocket, 'fuzz');
      for (const line of bytes.toString('latin1').split('\n'))
        socket.hear(Buffer.from(line, 'latin1'), false);
      clock.advance(2);
      socket.close();
      socket.throwFirstError();
    },
  },
  {
    name: 'http requests',
    kind: 'wire',
    seeds: () =>
      [
        '/',
        '/metrics',
        '/health',
        '/v1/schema',
        '/v1/stream?token=a%20b',
        '/main.js?x#y',
        '/../../package.json',
      ].map(
        (
          url, // biome-ignore format: one list
        ) =>
          textSeed(
            `GET ${url} HTTP/1.1\r\nHost: localhost:8765\r\nOrigin: http://localhost\r\nAuthorization: Bearer abc\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: affectd.v1, affectd.bearer.YWJj\r\n\r\n`,
          ),
      ),
    words: ['GET ', 'POST ', 'HEAD ', 'OPTIONS ', '//', '/%', '%2e%2e/', '%00', '?', '#', 'http://', '[::1', '\r\n', 'Host: ', 'Origin: null', 'Content-Length: 5', 'Transfer-Encoding: chunked', 'Range: bytes=5-1', 'If-None-Match: *', 'Sec-WebSocket-Protocol: ', '/v1/ingest', '/v1/stream'], // biome-ignore format: one list
    run: async (bytes) => {
      daemon ??= startDaemon({ server: { token: 'abc' } });
      const { port, events } = await daemon;
      const socket = connect(port, '127.0.0.1');
      socket.on('error', () => {});
      socket.resume();
      socket.end(bytes);
      await once(socket, 'close');
      for (const event of events.splice(0)) noFault(event);
    },
  },
  {
    name: 'client of streams',
    kind: 'wire',
    seeds: () => [
      textSeed(
        [
          result(1, { success: [{ stream: 'affect', session: 's', policy: 'latest' }], failure: [] }),
          JSON.stringify({
            stream: 'affect',
            session: 's',
            node: 'a',
            run: 'r',
            seq: 4,
            time: 2,
            valence: 0.1,
          }),
          JSON.stringify({ stream: 'sys', session: 's', time: null, event: { code: 'x', level: 'info', message: 'y' } }), // biome-ignore format: one message
          told('dropped', { stream: 'affect', session: 's', count: 2, total: 2 }),
          JSON.stringify({ jsonrpc: '2.0', id: null, error }),
          JSON.stringify({ jsonrpc: '2.0', id: 2, error }),
        ].join('\n'),
      ),
    ],
    words,
    run: async (bytes) => {
      const client = connectStream('ws://localhost:1', { ...spoken, timers: new ManualTimers() });
      const refusals = new Refusals();
      client.on('error', refusals.hear);
      const asking = [{ streams: ['affect'], session: 's' }, { streams: ['sys'] }].map((params) =>
        client.subscribe(params).catch(refusals.hear),
      );
      say(bytes);
      client.close();
      await Promise.all(asking);
      refusals.throwFirst();
    },
  },
  {
    name: 'client of ingest',
    kind: 'wire',
    seeds: () => [
      textSeed(
        [
          result(1, { stream: 0, session: 's', last_seq: null, resumed: false, limits }),
          told('ack', { stream: 0, seq: 0 }),
          JSON.stringify({ jsonrpc: '2.0', id: null, error }),
          told('ack', { stream: 0, seq: 2 }),
        ].join('\n'),
      ),
    ],
    words,
    run: async (bytes) => {
      const client = new IngestConnection('ws://localhost:1', {
        ...spoken,
        timers: new ManualTimers(),
        client: 'c',
      });
      const stream = client.open({ ...headset, unit: 'uV' });
      const refusals = new Refusals();
      stream.on('error', refusals.hear);
      for (let k = 0; k < 3; k++) stream.push([[1, 2]], k);
      say(bytes);
      client.abandon();
      await Promise.resolve();
      refusals.throwFirst();
    },
  },
];
