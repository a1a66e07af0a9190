import type { CallInput, CallName, CallResult } from '../protocol/calls.js';
import type {
  DroppedParams,
  SubscribeParams,
  SubscribeResult,
  UnsubscribeParams,
} from '../protocol/control.js';
import type { NodeMessage, OutputStream, WireMessages } from '../protocol/output.js';
import { STREAM_PATH } from '../protocol/version.js';
import {
  AffectdClientError,
  Connection,
  type ConnectionState,
  type ConnectOptions,
  type Message,
} from './connection.js';
import { Emitter } from './emitter.js';
import { isDroppedParams, isNodeMessage, isRpcError, isSubscribeResult } from './shapes.js';

export interface StreamEvents extends WireMessages {
  /** Messages that the daemon dropped for this client because it read too slowly. */
  readonly dropped: DroppedParams;
  readonly state: ConnectionState;
  /** Why the connection dropped; it comes back by itself unless the state is `closed`. */
  readonly disconnected: { readonly code: number; readonly reason: string };
  /** What the daemon refused, or sent though it is no message (`invalid-message`); that is left out. */
  readonly error: AffectdClientError;
}

/** Events that are the client's own: no stream of a daemon has such a name. */
const ownEvents: readonly string[] = ['dropped', 'state', 'disconnected', 'error'];

interface Subscription {
  params: SubscribeParams;
  settle: { resolve(result: SubscribeResult): void; reject(error: Error): void } | null;
}

/** What was heard last of a session. */
interface Heard {
  readonly run: string;
  readonly seqs: Map<string, number>;
}

/**
 * Predictions, quality, features and events of a daemon. Reconnects and subscribes again by itself; where a subscription names
 * its session, what the nodes made meanwhile comes first, as far as the daemon still has it.
 */
export class StreamClient {
  readonly #emitter = new Emitter<StreamEvents>();
  readonly #subscriptions = new Set<Subscription>();
  /** By session, of those that a subscription names. */
  readonly #heard = new Map<string, Heard>();
  readonly #connection: Connection;
  #state: ConnectionState = 'connecting';

  constructor(url: string | URL, options: ConnectOptions = {}) {
    this.#connection = new Connection(url, STREAM_PATH, options, {
      opened: () => {
        for (const subscription of this.#subscriptions) this.#send(subscription);
      },
      text: (message) => this.#receive(message),
      invalid: (error) => this.#emitter.emit('error', error),
      state: (state, detail) => {
        this.#state = state;
        this.#emitter.emit('state', state);
        if (detail) this.#emitter.emit('disconnected', detail);
        if (state === 'closed') this.#abandon();
      },
    });
  }

  get state(): ConnectionState {
    return this.#state;
  }

  /** Returns the function that stops listening. */
  on<E extends keyof StreamEvents>(event: E, listener: (value: StreamEvents[E]) => void): () => void {
    return this.#emitter.on(event, listener);
  }

  /**
   * Holds over reconnects. Resolves with what the daemon took and what not.
   * @throws AffectdClientError with the daemon's code; `closed` when the client closes first.
   */
  subscribe(params: SubscribeParams): Promise<SubscribeResult> {
    return new Promise((resolve, reject) => {
      if (this.#state === 'closed') {
        reject(new AffectdClientError('closed', 'the client is closed'));
        return;
      }
      const subscription: Subscription = { params, settle: { resolve, reject } };
      this.#subscriptions.add(subscription);
      if (this.#connection.isOpen) this.#send(subscription);
    });
  }

  async unsubscribe(params: UnsubscribeParams): Promise<void> {
    const session = params.session ?? '*';
    for (const subscription of [...this.#subscriptions]) {
      if ((subscription.params.session ?? '*') !== session) continue;
      const streams = subscription.params.streams.filter((stream) => !params.streams.includes(stream));
      if (streams.length > 0) subscription.params = { ...subscription.params, streams };
      else this.#subscriptions.delete(subscription);
    }
    if (![...this.#subscriptions].some((other) => other.params.session === session))
      this.#heard.delete(session);
    if (this.#connection.isOpen) await this.#connection.request('unsubscribe', params);
  }

  /**
   * Asks the daemon once (docs/reference/protocol.md, "Calls").
   * @throws AffectdClientError with the daemon's code; `disconnected` when the connection is not there.
   * @example
   * const { messages } = await stream.call('history', { session: 'lab', streams: ['affect'] });
   */
  call<Name extends CallName>(name: Name, params: CallInput<Name>): Promise<CallResult<Name>> {
    return this.#connection.request(name, params) as Promise<CallResult<Name>>;
  }

  close(): void {
    this.#connection.close();
  }

  #send(subscription: Subscription): void {
    this.#connection.request('subscribe', this.#asked(subscription), isSubscribeResult).then(
      (result) => {
        subscription.settle?.resolve(result);
        subscription.settle = null;
      },
      (error: AffectdClientError) => {
        // It is sent again once the connection is back.
        if (error.code === 'disconnected') return;
        this.#subscriptions.delete(subscription);
        if (subscription.settle) subscription.settle.reject(error);
        else this.#emitter.emit('error', error);
      },
    );
  }

  /** A subscription that held before goes on from what was heard last. */
  #asked({ params, settle }: Subscription): SubscribeParams {
    const { session = '*', policy, after } = params;
    const heard = this.#heard.get(session);
    if (settle || !heard || policy === 'latest') return params;
    const { run, seqs } = heard;
    return { ...params, after: { ...(after?.run === run && after), ...Object.fromEntries(seqs), run } };
  }

  #hear({ session, node, run, seq }: NodeMessage): void {
    let heard = this.#heard.get(session);
    if (heard?.run !== run) {
      if (![...this.#subscriptions].some(({ params }) => params.session === session)) return;
      heard = { run, seqs: new Map() };
      this.#heard.set(session, heard);
    }
    heard.seqs.set(node, seq);
  }

  /** Whether it is a message of the protocol. What this client knows nothing of is left out. */
  #receive(message: Message): boolean {
    const { stream, method, params, error } = message;
    if (stream !== undefined) {
      if (typeof stream !== 'string' || ownEvents.includes(stream)) return false;
      if ('node' in message) {
        if (!isNodeMessage(message)) return false;
        this.#hear(message);
      }
      this.#emitter.emit(stream as OutputStream, message as never);
    } else if (method === 'dropped') {
      if (!isDroppedParams(params)) return false;
      this.#emitter.emit('dropped', params);
    } else if (isRpcError(error))
      this.#emitter.emit('error', new AffectdClientError(error.data.code, error.message));
    return true;
  }

  #abandon(): void {
    const error = new AffectdClientError('closed', 'the client is closed');
    for (const { settle } of this.#subscriptions) settle?.reject(error);
    this.#subscriptions.clear();
  }
}

/**
 * @param url The daemon, `http://127.0.0.1:8765` or `ws://...`.
 * @example
 * const stream = connectStream('ws://127.0.0.1:8765');
 * stream.on('affect', (p) => console.log(p.valence, p.arousal));
 * await stream.subscribe({ streams: ['affect'], policy: 'latest' });
 */
export function connectStream(url: string | URL, options: ConnectOptions = {}): StreamClient {
  return new StreamClient(url, options);
}
