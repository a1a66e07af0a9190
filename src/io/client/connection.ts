import { CloseCode } from '../protocol/close-code.js';
import { SUBPROTOCOL, TOKEN_SUBPROTOCOL_PREFIX } from '../protocol/version.js';
import { isObject, isRpcError } from './shapes.js';
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
  /** Whether it has the shape of a message of the protocol; its `error`, if it has one, does. */
  text(message: Message): boolean;
  /** The daemon sent what is no message of the protocol; it was left out. */
  invalid(error: AffectdClientError): void;
  state(state: ConnectionState, detail: { code: number; reason: string } | null): void;
}

/** What the daemon sent, as an object of any fields. */
export type Message = Readonly<Record<string, unknown>>;

/**
 * An error that the daemon answered, `code` being one of the protocol's error codes, or what is wrong with the connection:
 * `disconnected`, `closed`, `invalid-message`.
 */
export class AffectdClientError extends Error {
  override readonly name = 'AffectdClientError';
  constructor(
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

/** The daemon says that it is there every 30 s: a connection of which nothing was heard for so long, s, or twice that, is dead. */
const SILENT_S = 45;

/** Characters of a message that an error repeats. */
const QUOTED = 80;

interface Pending {
  isResult(result: unknown): boolean;
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
  #isHeard = false;
  #watch: { cancel(): void } | null = null;

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

  /**
   * Rejects with {@link AffectdClientError}; with code `disconnected` where the connection drops before the answer, and with
   * `invalid-message` where the answer isn't what `isResult` asks for.
   */
  request(method: string, params: unknown): Promise<unknown>;
  request<T>(method: string, params: unknown, isResult: (result: unknown) => result is T): Promise<T>;
  request(
    method: string,
    params: unknown,
    isResult: (result: unknown) => boolean = () => true,
  ): Promise<unknown> {
    if (!this.#open) return Promise.reject(new AffectdClientError('disconnected', 'not connected'));
    const id = ++this.#requests;
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { isResult, resolve, reject });
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
    this.#isHeard = false;
    this.#watchOver(socket);
    socket.binaryType = 'arraybuffer';
    socket.onopen = () => {
      if (this.#socket !== socket) return;
      this.#isHeard = true;
      this.#open = true;
      this.#handlers.state('open', null);
      this.#handlers.opened();
    };
    socket.onmessage = (event: { data: unknown }) => {
      if (this.#socket !== socket) return;
      this.#isHeard = true;
      if (typeof event.data === 'string') this.#receive(event.data);
    };
    // Every error is followed by a close, which says more.
    socket.onerror = () => {};
    socket.onclose = (event: { code: number; reason: string }) => {
      if (this.#socket === socket) this.#lost(event.code, event.reason);
    };
  }

  /** Gives the connection up once nothing is heard of it. */
  #watchOver(socket: WebSocketLike): void {
    this.#watch = this.#timers.after(SILENT_S, () => {
      const wasHeard = this.#isHeard;
      this.#isHeard = false;
      if (wasHeard) {
        this.#watchOver(socket);
        return;
      }
      // A close is a question, which nobody would answer.
      this.#lost(CloseCode.goingAway, `nothing was heard of the daemon for ${SILENT_S} s`);
      if (socket.terminate) socket.terminate();
      else socket.close();
    });
  }

  #receive(text: string): void {
    const message = parsed(text);
    if (!isObject(message) || (message.error !== undefined && !isRpcError(message.error))) {
      this.#handlers.invalid(this.#invalid(text));
      return;
    }
    // A daemon that answers at all is well: the next failure starts from the shortest wait.
    this.#failures = 0;
    const { id, error, result, method } = message;
    if (method === 'alive') return;
    const pending = typeof id === 'number' ? this.#pending.get(id) : undefined;
    if (!pending) {
      if (!this.#handlers.text(message)) this.#handlers.invalid(this.#invalid(text));
      return;
    }
    this.#pending.delete(id as number);
    if (isRpcError(error)) pending.reject(new AffectdClientError(error.data.code, error.message));
    else if (pending.isResult(result)) pending.resolve(result);
    else pending.reject(this.#invalid(text));
  }

  #invalid(text: string): AffectdClientError {
    return new AffectdClientError(
      'invalid-message',
      `${this.#url}: ${JSON.stringify(text.slice(0, QUOTED))} is no message of affectd's protocol; check that a daemon of this version serves the address`,
    );
  }

  #lost(code: number, reason: string): void {
    this.#watch?.cancel();
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
    this.#watch?.cancel();
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

/** Undefined for what isn't JSON. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
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
    .replace(/={1,2}$/, '');
}
