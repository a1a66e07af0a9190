import { CloseCode } from '../protocol/close-code.js';
import type { RpcError } from '../protocol/control.js';
import { SUBPROTOCOL, TOKEN_SUBPROTOCOL_PREFIX } from '../protocol/version.js';
import { systemTimers, type Timers } from './timers.js';
import { platformWebSocket, type WebSocketConstructor, type WebSocketLike } from './web-socket.js';

export type ConnectionState = 'connecting' | 'open' | 'reconnecting' | 'closed';

export interface ConnectOptions {
  /** Bearer token, where the daemon asks for one. */
  readonly token?: string;
  /** Default: the platform's own; in Node 20 pass `ws`'s. */
  readonly WebSocket?: WebSocketConstructor;
  readonly timers?: Timers;
  /** First and longest wait before connecting again, s; it doubles in between. Default 0.25 and 10. */
  readonly backoff_s?: readonly [first: number, longest: number];
}

export interface ConnectionHandlers {
  opened(): void;
  text(message: unknown): void;
  state(state: ConnectionState, detail: { code: number; reason: string } | null): void;
}

interface RpcMessage {
  readonly id?: unknown;
  readonly result?: unknown;
  readonly error?: RpcError;
}

/** An error that the daemon answered; `code` is one of the protocol's error codes. */
export class AffectdClientError extends Error {
  override readonly name = 'AffectdClientError';
  constructor(
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

interface Pending {
  resolve(result: unknown): void;
  reject(error: Error): void;
}

/** A WebSocket that comes back by itself, and JSON-RPC requests over it. */
export class Connection {
  readonly #url: string;
  readonly #options: ConnectOptions;
  readonly #timers: Timers;
  readonly #handlers: ConnectionHandlers;
  readonly #WebSocket: WebSocketConstructor;
  readonly #pending = new Map<number, Pending>();
  #socket: WebSocketLike | null = null;
  #open = false;
  #closed = false;
  #failures = 0;
  #requests = 0;
  #retry: { cancel(): void } | null = null;

  /** @param path Where the daemon serves this, when `url` has no path of its own. */
  constructor(url: string | URL, path: string, options: ConnectOptions, handlers: ConnectionHandlers) {
    this.#url = socketUrl(url, path);
    this.#options = options;
    this.#timers = options.timers ?? systemTimers;
    this.#handlers = handlers;
    this.#WebSocket = options.WebSocket ?? platformWebSocket();
    this.#connect('connecting');
  }

  get isOpen(): boolean {
    return this.#open;
  }

  get timers(): Timers {
    return this.#timers;
  }

  /** Sends when connected; otherwise the message is not sent, as what is sent after a reconnect is its owner's to decide. */
  send(data: string | Uint8Array<ArrayBuffer>): void {
    if (this.#open) this.#socket?.send(data);
  }

  /** Rejects with {@link AffectdClientError}; with code `disconnected` where the connection drops before the answer. */
  request(method: string, params: unknown): Promise<unknown> {
    if (!this.#open) return Promise.reject(new AffectdClientError('disconnected', 'not connected'));
    const id = ++this.#requests;
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { resolve, reject });
      this.send(JSON.stringify({ jsonrpc: '2.0', id, method, params }));
    });
  }

  close(): void {
    if (this.#closed) return;
    this.#retry?.cancel();
    const socket = this.#socket;
    this.#finish(CloseCode.normal, 'closed by the client');
    socket?.close(CloseCode.normal);
  }

  /** Drops the connection as a fault would; it comes back by itself. */
  drop(): void {
    this.#socket?.close();
  }

  #connect(state: ConnectionState): void {
    if (this.#closed) return;
    this.#handlers.state(state, null);
    const protocols = [SUBPROTOCOL];
    if (this.#options.token !== undefined)
      protocols.push(TOKEN_SUBPROTOCOL_PREFIX + base64url(this.#options.token));
    const socket = new this.#WebSocket(this.#url, protocols);
    this.#socket = socket;
    socket.binaryType = 'arraybuffer';
    socket.onopen = () => {
      if (this.#socket !== socket) return;
      this.#open = true;
      this.#handlers.state('open', null);
      this.#handlers.opened();
    };
    socket.onmessage = (event: { data: unknown }) => {
      if (this.#socket !== socket || typeof event.data !== 'string') return;
      // A daemon that answers at all is well: the next failure starts from the shortest wait.
      this.#failures = 0;
      this.#receive(JSON.parse(event.data));
    };
    // Every error is followed by a close, which says more.
    socket.onerror = () => {};
    socket.onclose = (event: { code: number; reason: string }) => {
      if (this.#socket === socket) this.#lost(event.code, event.reason);
    };
  }

  #receive(message: RpcMessage): void {
    const pending = typeof message.id === 'number' ? this.#pending.get(message.id) : undefined;
    if (!pending) {
      this.#handlers.text(message);
      return;
    }
    this.#pending.delete(message.id as number);
    if (message.error) pending.reject(new AffectdClientError(message.error.data.code, message.error.message));
    else pending.resolve(message.result);
  }

  #lost(code: number, reason: string): void {
    this.#socket = null;
    this.#open = false;
    this.#rejectPending();
    if (code === CloseCode.policy && reason.startsWith('unauthorised')) {
      this.#finish(code, reason);
      return;
    }
    const [first, longest] = this.#options.backoff_s ?? [0.25, 10];
    let wait_s = first;
    for (let i = 0; i < this.#failures && wait_s < longest; i++) wait_s *= 2;
    this.#failures++;
    this.#handlers.state('reconnecting', { code, reason });
    if (this.#closed) return;
    this.#retry = this.#timers.after(Math.min(wait_s, longest), () => this.#connect('connecting'));
  }

  #finish(code: number, reason: string): void {
    this.#closed = true;
    this.#socket = null;
    this.#open = false;
    this.#rejectPending();
    this.#handlers.state('closed', { code, reason });
  }

  #rejectPending(): void {
    const pending = [...this.#pending.values()];
    this.#pending.clear();
    for (const { reject } of pending)
      reject(new AffectdClientError('disconnected', 'the connection dropped'));
  }
}

/** `http://host:port`, `ws://host:port` or the full address, as one for WebSockets. */
function socketUrl(url: string | URL, path: string): string {
  const parsed = new URL(url);
  parsed.protocol = parsed.protocol.replace(/^http/, 'ws');
  if (parsed.pathname === '/' || parsed.pathname === '') parsed.pathname = path;
  parsed.hash = '';
  return parsed.href;
}

function base64url(text: string): string {
  const bytes = new TextEncoder().encode(text);
  return btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replace(/=+$/, '');
}
