import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { build } from 'esbuild';
import { type WebSocket, WebSocketServer } from 'ws';
import type { WireMessage } from '../../src/io/client/index.js';
import { temporaryFolder } from '../setup/temporary-folder.js';

const page = new URL('../../src/dashboard/', import.meta.url);
const types: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css',
  '.js': 'text/javascript',
};
/** As strict as a page that loads everything from its own origin can bear. */
const policy =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; base-uri 'none'";

interface Request {
  readonly id: number;
  readonly method: string;
  readonly params: { streams: string[]; session: string; text: string; time_unix: number; action: string };
}

/** The page and `/v1/stream` of a daemon that says what a test tells it to, on a port of its own. */
export class ScriptedDaemon {
  readonly #folder = temporaryFolder();
  #port = 0;
  #http: Server | null = null;
  #sockets: WebSocketServer | null = null;
  #subscribed = new Set<WebSocket>();
  /** Refuses clients as a daemon does that asks for a token. */
  refuses = false;
  /** Subprotocols that the last client offered. */
  offered: string[] = [];
  /** What sessions told before a client came. */
  past: WireMessage[] = [];
  /** Whether what people set is told to be on the disk. */
  isRecording = true;
  /** What clients asked markers for. */
  readonly marked: Request['params'][] = [];
  /** What the last client subscribed to. */
  asked: unknown = null;
  /** Sessions whose signals it watches, and how. */
  readonly watched = new Map<string, unknown>();
  /** What it answers to methods that act. */
  answers: Record<string, unknown> = {};
  /** What clients asked it to do. */
  readonly acted: [method: string, session: string, action: string][] = [];
  /** What it tells of its sessions. */
  sessions: unknown[] = [];

  get origin(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** Bundles the page as scripts/build.mjs does, without needing a build. */
  async bundle(): Promise<void> {
    await build({
      entryPoints: [new URL('main.ts', page).pathname],
      bundle: true,
      format: 'esm',
      target: 'es2022',
      outfile: join(this.#folder, 'main.js'),
      logLevel: 'warning',
    });
  }

  /** Listens; after {@link stop}, on the same port again. */
  async start(): Promise<void> {
    this.#http = createServer(async (request, response) => {
      const path = new URL(request.url ?? '/', this.origin).pathname;
      const name = path === '/' ? 'index.html' : path.slice(1);
      const source = /^(index\.html|style\.css)$/.test(name) ? new URL(name, page) : join(this.#folder, name);
      try {
        const body = await readFile(source);
        response.setHeader('content-type', types[name.slice(name.lastIndexOf('.'))] ?? 'text/plain');
        response.setHeader('content-security-policy', policy);
        response.end(body);
      } catch {
        response.writeHead(404).end();
      }
    });
    this.#sockets = new WebSocketServer({ server: this.#http, path: '/v1/stream' });
    this.#sockets.on('connection', (socket, request) => {
      this.offered = (request.headers['sec-websocket-protocol'] ?? '').split(/, */);
      if (this.refuses) {
        socket.close(1008, 'unauthorised');
        return;
      }
      socket.on('close', () => this.#subscribed.delete(socket));
      socket.on('message', (text) => {
        const { id, method, params } = JSON.parse(String(text)) as Request;
        const answer = (result: unknown): void => socket.send(JSON.stringify({ jsonrpc: '2.0', id, result }));
        if (method === 'history') {
          answer({ session: params.session, more: false, messages: this.past });
          return;
        }
        if (method === 'marker') {
          this.marked.push(params);
          answer({ session: params.session, time: 12.5, recorded: this.isRecording });
          return;
        }
        if (method in this.answers) {
          if (params.action) this.acted.push([method, params.session, params.action]);
          answer(this.answers[method]);
          return;
        }
        if (method === 'sessions') {
          answer({ sessions: this.sessions });
          return;
        }
        if (method === 'unsubscribe') this.watched.delete(params.session);
        else if (params.streams.includes('signals')) this.watched.set(params.session, params);
        else this.asked = params;
        const success = params.streams.map((stream) => ({ stream, session: '*', policy: 'drop-oldest' }));
        answer({ success, failure: [] });
        this.#subscribed.add(socket);
        this.#sockets?.emit('subscribed');
      });
    });
    this.#http.listen(this.#port, '127.0.0.1');
    await once(this.#http, 'listening');
    this.#port = (this.#http.address() as AddressInfo).port;
  }

  /** Resolves once somebody listens. */
  async subscriber(): Promise<void> {
    if (this.#subscribed.size === 0 && this.#sockets) await once(this.#sockets, 'subscribed');
  }

  say(...messages: WireMessage[]): void {
    for (const socket of this.#subscribed)
      for (const message of messages) socket.send(JSON.stringify(message));
  }

  /** Ends as a daemon does on SIGTERM. */
  async stop(): Promise<void> {
    for (const socket of this.#sockets?.clients ?? []) socket.close(1001, 'going away');
    this.#sockets?.close();
    const closed = this.#http && once(this.#http, 'close');
    this.#http?.close();
    this.#http?.closeIdleConnections();
    await closed;
  }
}
