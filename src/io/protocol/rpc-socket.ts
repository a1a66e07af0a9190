import type { WebSocket } from 'ws';
import type { z } from 'zod';
import type { Clock, Seconds, Timer } from '../../core/clock.js';
import { CloseCode } from './close-code.js';
import { type RequestId, requestFrameSchema } from './control.js';
import { errorCodes, ProtocolError } from './error-code.js';
import { JsonText } from './json-text.js';
import { TokenBucket } from './token-bucket.js';

/** A method's parameters are validated before `handle` sees them; what it returns is the response. */
export interface RpcMethod {
  readonly params: z.ZodType;
  /** Throws ProtocolError of parameters that are too many to be looked at one by one; sees them before all else. */
  bound?(params: unknown): void;
  handle(params: never): unknown;
  /** What is sent right behind the response. */
  answered?(params: never): void;
}

export const rpcMethod = <P>(
  params: z.ZodType<P>,
  handle: (params: P) => unknown,
  more: { readonly answered?: (params: P) => void; readonly bound?: (params: unknown) => void } = {},
): RpcMethod => ({ params, handle, ...more }) as RpcMethod;

export interface RpcSocketOptions {
  readonly clock: Clock;
  readonly methods: Readonly<Record<string, RpcMethod>>;
  /** Takes binary frames; without it they are an error. */
  readonly binary?: (bytes: Uint8Array) => void;
  /** Messages a second read in the long run, a long one counted as several; a second's worth may come at once. */
  readonly messages_per_s: number;
  readonly onError?: (error: ProtocolError) => void;
  readonly onThrottle?: () => void;
  /** Told whenever its messages are read no more, for whatever reason, and when they are again. */
  readonly onRead?: (isRead: boolean) => void;
  readonly onClose: () => void;
  /** A fault that is not the client's. */
  readonly onFault: (error: unknown) => void;
}

/** Bytes of a message that count as one: text is parsed value by value, binary is not. */
export const BYTES_A_MESSAGE = { text: 512, binary: 16_384 } as const;
/** Coded errors in a row after which the sender is beyond help. */
const MAX_ERRORS_IN_A_ROW = 100;
/** Answers that wait for a client that doesn't read them, bytes, above which no more of its messages are read. */
const MAX_UNREAD_BYTES = 1024 * 1024;
/** How long a peer may take to answer a close, s. */
const CLOSE_WAIT_S = 2;

/** The daemon's end of a connection: JSON-RPC 2.0 in and out, rate limits by reading more slowly, coded errors. */
export class RpcSocket {
  readonly #socket: WebSocket;
  readonly #options: RpcSocketOptions;
  readonly #bucket: TokenBucket;
  #errorsInARow = 0;
  #pings = 0;
  #ping: Promise<Seconds | null> | null = null;
  #unreadBytes = 0;
  #unreadable = false;
  #throttled: Timer | null = null;
  #held = false;
  #closing: Timer | null = null;
  #closed = false;

  constructor(socket: WebSocket, options: RpcSocketOptions) {
    this.#socket = socket;
    this.#options = options;
    this.#bucket = new TokenBucket(options.messages_per_s, options.messages_per_s, options.clock.now());
    socket.on('message', (data: Buffer, isBinary) => this.#receive(data, isBinary));
    // `ws` closes by itself after an error (1009 for a message too big, 1002, 1007), and says so here.
    socket.on('error', () => {});
    socket.on('close', () => {
      this.#closed = true;
      this.#throttled?.cancel();
      this.#closing?.cancel();
      try {
        options.onClose();
      } catch (error) {
        options.onFault(error);
      }
    });
  }

  notify(method: string, params: unknown): void {
    this.#send({ jsonrpc: '2.0', method, params });
  }

  /** Answers an error; `id` null where it belongs to no request. */
  fail(id: RequestId | null, error: ProtocolError): void {
    this.#options.onError?.(error);
    const [code] = errorCodes[error.code];
    this.#send({
      jsonrpc: '2.0',
      id,
      error: { code, message: error.message, data: { code: error.code, ...error.place } },
    });
    if (++this.#errorsInARow < MAX_ERRORS_IN_A_ROW || this.#closing) return;
    this.close(CloseCode.policy, 'too-many-errors');
  }

  /** Reads no more messages until `until` settles, so that the sender feels how fast the daemon is. */
  hold(until: Promise<void>): void {
    if (this.#held || this.#closing) return;
    this.#held = true;
    this.#pause();
    const release = () => {
      this.#held = false;
      this.#resume();
    };
    until.then(release, release);
  }

  /**
   * How long a ping and its answer take, s; null where there is no answer within `within_s`, NaN where there is none that we would
   * have read. Who asks while one is under way is told of that one.
   */
  ping(within_s: Seconds): Promise<Seconds | null> {
    if (this.#closed || this.#socket.readyState !== this.#socket.OPEN) return Promise.resolve(null);
    this.#ping ??= this.#sendPing(within_s).finally(() => {
      this.#ping = null;
    });
    return this.#ping;
  }

  #sendPing(within_s: Seconds): Promise<Seconds | null> {
    const { clock } = this.#options;
    const sent = clock.now();
    const name = String(++this.#pings);
    let wasPaused = this.#socket.isPaused;
    return new Promise((resolve) => {
      const answered = (data: Buffer): void => {
        if (data.toString() === name) end(clock.now() - sent);
      };
      const closed = (): void => end(null);
      const timer = clock.after(within_s, () => {
        wasPaused ||= this.#socket.isPaused;
        end(wasPaused ? Number.NaN : null);
      });
      const end = (trip_s: Seconds | null): void => {
        timer.cancel();
        this.#socket.off('pong', answered);
        this.#socket.off('close', closed);
        resolve(trip_s !== null && wasPaused ? Number.NaN : trip_s);
      };
      this.#socket.on('pong', answered);
      this.#socket.once('close', closed);
      this.#socket.ping(name);
    });
  }

  close(code: CloseCode, reason: string): void {
    if (this.#closed || this.#closing) return;
    this.#closing = this.#options.clock.after(CLOSE_WAIT_S, () => this.#socket.terminate());
    this.#throttled?.cancel();
    this.#socket.close(code, reason);
    // Its answer to the close must be read.
    if (this.#socket.isPaused) this.#socket.resume();
  }

  #receive(data: Buffer, isBinary: boolean): void {
    if (this.#closing) return;
    this.#throttle(data.length / BYTES_A_MESSAGE[isBinary ? 'binary' : 'text']);
    let id: RequestId | null = null;
    try {
      if (isBinary) {
        if (!this.#options.binary)
          throw new ProtocolError('binary-unexpected', 'this path takes JSON-RPC text, no binary frames');
        this.#options.binary(data);
        this.#errorsInARow = 0;
        return;
      }
      const message = parse(data);
      id = requestIdOf(message);
      const { method, params } = this.#methodOf(message);
      const result = method.handle(params);
      this.#errorsInARow = 0;
      if (result instanceof Promise)
        result.then((value) => this.#answer(id, value)).catch((error: unknown) => this.#refuse(id, error));
      else {
        this.#answer(id, result);
        id = null;
        method.answered?.(params);
      }
    } catch (error) {
      this.#refuse(id, error);
    }
  }

  #answer(id: RequestId | null, result: unknown): void {
    if (id === null) return;
    if (result instanceof JsonText)
      this.#write(`{"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":${result.text}}`);
    else this.#send({ jsonrpc: '2.0', id, result });
  }

  #methodOf(message: unknown): { readonly method: RpcMethod; readonly params: never } {
    const frame = requestFrameSchema.safeParse(message);
    if (!frame.success)
      throw new ProtocolError('invalid-request', `not a JSON-RPC 2.0 request: ${describeIssue(frame.error)}`);
    const known = Object.keys(this.#options.methods);
    const method = known.includes(frame.data.method) ? this.#options.methods[frame.data.method] : undefined;
    if (!method)
      throw new ProtocolError(
        'unknown-method',
        `no method '${frame.data.method.slice(0, 64)}'; there are ${known.join(', ')}`,
      );
    try {
      method.bound?.(frame.data.params);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      throw new ProtocolError(error.code, error.message, placeOf(frame.data.params));
    }
    const params = method.params.safeParse(frame.data.params ?? {});
    if (!params.success)
      throw new ProtocolError(
        'invalid-params',
        `${frame.data.method}: ${describeIssue(params.error)}`,
        placeOf(frame.data.params),
      );
    return { method, params: params.data as never };
  }

  #refuse(id: RequestId | null, error: unknown): void {
    if (error instanceof ProtocolError) {
      this.fail(id, error);
      return;
    }
    this.#options.onFault(error);
    this.fail(id, new ProtocolError('internal-error', 'a fault of the daemon; its log says more'));
  }

  #throttle(messages: number): void {
    const wait_s = this.#bucket.take(this.#options.clock.now(), Math.max(1, messages));
    if (wait_s === 0 || this.#throttled) return;
    this.#options.onThrottle?.();
    this.#pause();
    this.#throttled = this.#options.clock.after(wait_s, () => {
      this.#throttled = null;
      this.#resume();
    });
  }

  #send(message: unknown): void {
    if (this.#socket.readyState === this.#socket.OPEN) this.#write(JSON.stringify(message));
  }

  #write(text: string): void {
    if (this.#socket.readyState !== this.#socket.OPEN) return;
    const bytes = Buffer.from(text);
    this.#unreadBytes += bytes.length;
    if (this.#unreadBytes > MAX_UNREAD_BYTES && !this.#unreadable) {
      this.#unreadable = true;
      this.#pause();
    }
    this.#socket.send(bytes, { binary: false }, () => {
      this.#unreadBytes -= bytes.length;
      if (!this.#unreadable || this.#unreadBytes > MAX_UNREAD_BYTES / 2) return;
      this.#unreadable = false;
      this.#resume();
    });
  }

  #pause(): void {
    if (this.#socket.isPaused) return;
    this.#socket.pause();
    this.#options.onRead?.(false);
  }

  #resume(): void {
    if (this.#throttled || this.#unreadable || this.#held || this.#closed || !this.#socket.isPaused) return;
    this.#socket.resume();
    this.#options.onRead?.(true);
  }
}

function parse(data: Buffer): unknown {
  try {
    return JSON.parse(data.toString());
  } catch {
    throw new ProtocolError('parse-error', 'the text is not JSON');
  }
}

function requestIdOf(message: unknown): RequestId | null {
  const id = (message as { id?: unknown } | null)?.id;
  return typeof id === 'string' || typeof id === 'number' ? id : null;
}

/** Stream and frame of parameters that don't fit their schema, where they can be told. */
function placeOf(params: unknown): Record<string, number> {
  const { stream, seq } = (params ?? {}) as { stream?: unknown; seq?: unknown };
  return {
    ...(Number.isInteger(stream) && { stream: stream as number }),
    ...(Number.isInteger(seq) && { seq: seq as number }),
  };
}

/** What is wrong with a value, in words, and where. */
export function describeIssue(error: z.ZodError): string {
  const [first] = error.issues;
  const path = first.path.join('.');
  return path === '' ? first.message : `${path}: ${first.message}`;
}
