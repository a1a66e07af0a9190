import { randomBytes } from 'node:crypto';
import type { WebSocket } from 'ws';
import { z } from 'zod';
import type { Clock, Seconds } from '../../core/clock.js';
import type { EventSink } from '../../core/event.js';
import type { StreamMessage } from '../../core/signal.js';
import type { Metrics } from '../../telemetry/metrics.js';
import { type CallName, type Calls, callDefinitions } from '../protocol/calls.js';
import { CloseCode } from '../protocol/close-code.js';
import {
  outputStreamSchema,
  outputStreams,
  type Policy,
  pointRates,
  type SubscribeResult,
  subscribeParamsSchema,
  type UnsubscribeResult,
  unsubscribeParamsSchema,
} from '../protocol/control.js';
import { ProtocolError } from '../protocol/error-code.js';
import { defaultStreamLimits, type StreamLimits } from '../protocol/limits.js';
import type {
  NodeMessage,
  OutputLines,
  OutputStream,
  SocketFields,
  WireMessage,
} from '../protocol/output.js';
import { type RpcMethod, RpcSocket, rpcMethod } from '../protocol/rpc-socket.js';
import { Delivery } from './queue/delivery.js';
import { SubscriberQueue } from './queue/subscriber-queue.js';
import { type NumberedSignals, SignalMessages } from './signals/signal-messages.js';
import { WatchedSignals } from './signals/watched-signals.js';
import { type OutputMessage, type Sink, type SinkDefinition, unexplained } from './sink.js';
import { SessionRuns } from './told/session-runs.js';
import { ToldHistory } from './told/told-history.js';
import { type RunBefore, ToldLately } from './told/told-lately.js';

export interface WebSocketSinkOptions {
  readonly clock: Clock;
  readonly events: EventSink;
  readonly metrics?: Metrics;
  readonly limits?: Partial<StreamLimits>;
  /** Names what this process tells. Default: drawn. */
  readonly run?: string;
  /** Methods beside those of subscriptions. */
  readonly calls?: Calls;
  /** Wall-clock time of a session time, s since 1970. Default: estimated from the message that came soonest after its time. */
  readonly unixOf?: (session: string, time: Seconds) => Seconds | undefined;
}

interface Subscription {
  readonly stream: OutputStream;
  readonly session: string;
  readonly policy: Policy;
  /** Whether messages come with what explains them. */
  readonly explain: boolean;
  /** Whose messages are wanted; null: every node's. */
  readonly nodes: ReadonlySet<string> | null;
  /** Signals at that many points a second at most; null: as they come. */
  readonly points_per_s: number | null;
}

type SubscribeRequest = z.output<typeof subscribeParamsSchema>;

interface Subscriber {
  readonly rpc: RpcSocket;
  readonly queue: SubscriberQueue;
  /** By stream and session filter. */
  readonly subscriptions: Map<string, Subscription>;
}

/** Newest messages kept for late subscribers; beyond it the oldest session's are forgotten. */
const MAX_CURRENT = 16_384;

/**
 * Predictions, quality, features and events to subscribers of `/v1/stream`. Each message is serialised once; every
 * subscriber has queues of its own, so that one that reads slowly delays nobody.
 */
export class WebSocketSink implements Sink {
  readonly limits: StreamLimits;
  readonly #options: WebSocketSinkOptions;
  readonly #subscribers = new Set<Subscriber>();
  /** Newest message by stream, session and node. */
  readonly #current = new Map<string, WireMessage>();
  readonly #zeros = new Map<string, Seconds>();
  readonly #runs: SessionRuns;
  readonly #lately: ToldLately;
  readonly #signals = new SignalMessages();
  readonly #watched = new WatchedSignals();
  /** What each session told in the last hour. */
  readonly history: ToldHistory;

  constructor(options: WebSocketSinkOptions) {
    this.#options = options;
    this.limits = { ...defaultStreamLimits, ...options.limits };
    this.#runs = new SessionRuns(options.run ?? randomBytes(6).toString('base64url'));
    this.#lately = new ToldLately(options.clock);
    this.history = new ToldHistory(options.clock);
  }

  get subscribers(): number {
    return this.#subscribers.size;
  }

  publish(line: OutputMessage): void {
    this.#tell(this.#atSocket(line, line.time));
  }

  /** A session's first sample came, or its recording begins; `zero`: its stamp, which is 0 in session time, s. */
  began(session: string, zero: Seconds, recording: readonly string[] = []): void {
    const unix = this.#options.unixOf?.(session, 0);
    const zero_unix = unix === undefined ? null : round(unix, 1e6);
    this.#tell(
      this.#atSocket(
        { stream: 'session', session, zero, zero_unix, recording },
        recording.length > 0 ? null : 0,
      ),
    );
  }

  /** A session goes on that another daemon began; `lines`: what its nodes told lately. */
  goesOn(session: string, before: RunBefore, lines: readonly OutputMessage[]): void {
    this.#lately.goesOn(session, before);
    for (const line of lines) this.publish(line);
  }

  /** What the nodes of a session told since then, by the clock, and in the last minute. */
  toldSince(session: string, since: Seconds): NodeMessage[] {
    return this.#lately.since(session, since);
  }

  /** Names the run of a session, as its messages do. */
  runOf(session: string): string {
    return this.#runs.runOf(session);
  }

  /** What comes under the session's name from now on is another run. */
  ended(session: string): void {
    this.#forget(session);
    this.#runs.end(session);
    this.#lately.ended(session);
    this.#signals.ended(session);
    this.#watched.ended(session);
  }

  /** Whether anybody wants what a model of a session predicts explained. */
  explains(session: string, model: string): boolean {
    return this.#subscribersOf('affect', session, model).some(([, { explain }]) => explain);
  }

  /**
   * Signals to those who subscribe to them; nothing is serialised for nobody. `isPushed`: came to this daemon by a connection of its own, and
   * is told as it came; else it is had elsewhere as it came, and told to those alone who watch it at a rate.
   */
  publishSignals(session: string, message: StreamMessage, isPushed = true): void {
    if (message.kind === 'zero') {
      this.#signals.begin(session, message.time);
      this.#watched.begin(session, message.time);
      this.began(session, message.time);
    }
    const { kind } = message;
    if (kind !== 'open' && kind !== 'chunk' && kind !== 'marker' && kind !== 'close') return;
    const subscribers = this.#subscribersOf('signals', session, null);
    const offer = (per_s: number | null, told: NumberedSignals): void => {
      const delivery = this.#signalDelivery(told);
      for (const [subscriber, { policy, points_per_s }] of subscribers)
        if (points_per_s === per_s) subscriber.queue.offer(delivery, policy);
    };
    if (isPushed) {
      const tell = this.#signals.follow(session, message);
      if (subscribers.some(([, { points_per_s }]) => points_per_s === null)) offer(null, tell());
    }
    const rates = new Set(subscribers.flatMap(([, { points_per_s }]) => points_per_s ?? []));
    for (const [per_s, told] of this.#watched.take(session, message, rates)) offer(per_s, told);
  }

  /**
   * Serves one connection until it closes. Its `maxPayload` should be {@link StreamLimits.max_frame_bytes}. `actRefusal`: why it may
   * change nothing, or null.
   */
  accept(socket: WebSocket, from: string, actRefusal: string | null = null): void {
    const { clock, metrics, events } = this.#options;
    const rpc = new RpcSocket(socket, {
      clock,
      messages_per_s: this.limits.messages_per_s,
      methods: {
        ...rpcCalls(this.#options.calls ?? {}, actRefusal),
        subscribe: rpcMethod(subscribeParamsSchema, (params) => this.#subscribe(subscriber, params), {
          answered: (params) => this.#offerFirst(subscriber, params),
        }),
        unsubscribe: rpcMethod(unsubscribeParamsSchema, (params) => unsubscribe(subscriber, params)),
      },
      onError: ({ code }) => metrics?.protocolErrors.inc({ path: 'stream', code }),
      onThrottle: () => metrics?.throttled.inc({ path: 'stream' }),
      onClose: () => {
        queue.clear();
        this.#subscribers.delete(subscriber);
        metrics?.subscribers.dec();
      },
      onFault: (error) =>
        events({
          code: 'connection-failed',
          level: 'error',
          message: `fault while serving ${from}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
        }),
    });
    const queue = new SubscriberQueue(socket, this.limits, {
      sent: ({ stream }) => metrics?.messagesSent.inc({ stream }),
      dropped: ({ stream }, policy) => metrics?.messagesDropped.inc({ stream, policy }),
      tellDropped: (params) => rpc.notify('dropped', params),
      overflowed: () => rpc.close(CloseCode.tryAgainLater, 'subscriber-overflow'),
    });
    const subscriber: Subscriber = { rpc, queue, subscriptions: new Map() };
    this.#subscribers.add(subscriber);
    metrics?.subscribers.inc();
  }

  /** Closes every connection with 1001. */
  async close(): Promise<void> {
    for (const { rpc } of this.#subscribers) rpc.close(CloseCode.goingAway, 'the daemon stops');
  }

  #tell(message: WireMessage): void {
    const { stream, session } = message;
    this.#keep(message);
    if (isFromNode(message)) {
      this.#runs.took(session, message.node, message.seq);
      this.#lately.keep(message);
    }
    const plain = deliveryOf(message, false);
    this.history.keep(message, () => plain.text);
    const explained = unexplained(message) === message ? plain : deliveryOf(message, true);
    for (const [subscriber, { policy, explain }] of this.#subscribersOf(stream, session, nodeOf(message)))
      subscriber.queue.offer(explain ? explained : plain, policy);
  }

  /** Numbered and named by the run of its session, with the wall-clock time of session time `time`; null: of now. */
  #atSocket(line: OutputMessage | OutputLines['session'], time: Seconds | null): WireMessage {
    const { session } = line;
    const fields = { run: this.#runs.runOf(session), ...this.#wallClock(session, time) };
    if ('node' in line) return { ...line, ...fields };
    return { ...line, seq: this.#runs.next(line.session, line.stream), ...fields };
  }

  #signalDelivery(message: NumberedSignals): Delivery {
    return deliveryOf(
      {
        ...message,
        run: this.#runs.runOf(message.session),
        ...this.#wallClock(message.session, message.time),
      },
      false,
    );
  }

  #subscribersOf(
    stream: OutputStream,
    session: string,
    node: string | null,
  ): (readonly [Subscriber, Subscription])[] {
    return [...this.#subscribers].flatMap((subscriber) => {
      const { subscriptions } = subscriber;
      const subscription = subscriptions.get(`${stream} ${session}`) ?? subscriptions.get(`${stream} *`);
      return subscription && wants(subscription, node) ? [[subscriber, subscription] as const] : [];
    });
  }

  #subscribe(subscriber: Subscriber, params: SubscribeRequest): SubscribeResult {
    const { session, policy, explain, nodes, max_points_per_s } = params;
    const result: SubscribeResult = { success: [], failure: [] };
    for (const name of new Set(params.streams)) {
      const stream = outputStreamSchema.safeParse(name).data;
      const key = `${name} ${session}`;
      if (!stream) {
        const message = `no stream '${name.slice(0, 64)}'; there are ${outputStreams.join(', ')}`;
        result.failure.push({ stream: name, code: 'unknown-stream-name', message });
      } else if (
        !subscriber.subscriptions.has(key) &&
        subscriber.subscriptions.size >= this.limits.max_subscriptions
      ) {
        const message = `a connection may have ${this.limits.max_subscriptions} subscriptions`;
        result.failure.push({ stream, code: 'too-many-subscriptions', message });
      } else {
        const only = nodes ? new Set(nodes) : null;
        const points_per_s = stream === 'signals' ? pointRate(max_points_per_s) : null;
        subscriber.subscriptions.set(key, { stream, session, policy, explain, nodes: only, points_per_s });
        result.success.push({
          ...{ stream, session, policy },
          ...(nodes && { nodes }),
          ...(points_per_s !== null && { points_per_s }),
        });
      }
    }
    return result;
  }

  /** What a new subscription begins with: what was missed, what is newest, or which signals are open. */
  #offerFirst(subscriber: Subscriber, { streams, session, after }: SubscribeRequest): void {
    const { queue, subscriptions } = subscriber;
    const taken = new Map<OutputStream, Subscription>();
    for (const name of new Set(streams)) {
      const subscription = subscriptions.get(`${name} ${session}`);
      if (!subscription) continue;
      taken.set(subscription.stream, subscription);
      queue.forgetAgain(subscription.stream, session);
    }
    const signals = taken.get('signals');
    if (signals?.points_per_s === null)
      for (const message of this.#signals.openings(session))
        queue.offer(this.#signalDelivery(message), signals.policy);
    else if (signals) {
      const { open, past } = this.#watched.openings(session, signals.points_per_s);
      queue.offerAgain([...open, ...past].map((message) => this.#signalDelivery(message)));
    }
    if (after) {
      const { run, ...seqs } = after;
      const heard = { run, seqs: new Map(Object.entries(seqs).map(([node, seq]) => [node, Number(seq)])) };
      const missed = this.#lately.after(session, heard).flatMap((message) => {
        const subscription = taken.get(message.stream);
        return subscription && wants(subscription, message.node)
          ? [deliveryOf(message, subscription.explain)]
          : [];
      });
      queue.offerAgain(missed);
    }
    for (const message of this.#current.values()) {
      const subscription = taken.get(message.stream);
      if (subscription?.policy !== 'latest' || (after && isFromNode(message))) continue;
      if ((session === '*' || message.session === session) && wants(subscription, nodeOf(message)))
        queue.offer(deliveryOf(message, subscription.explain), 'latest');
    }
  }

  #keep(message: WireMessage): void {
    const key = keyOf(message);
    this.#current.delete(key);
    this.#current.set(key, message);
    if (this.#current.size > MAX_CURRENT) this.#forget(this.#current.values().next().value!.session);
  }

  #forget(session: string): void {
    this.#zeros.delete(session);
    for (const [key, message] of this.#current) if (message.session === session) this.#current.delete(key);
  }

  #wallClock(session: string, time: Seconds | null): Omit<SocketFields, 'run'> {
    const now = this.#options.clock.unix();
    if (time === null) return { time_unix: now, age_ms: 0 };
    let time_unix = this.#options.unixOf?.(session, time);
    if (time_unix === undefined) {
      const zero = Math.min(this.#zeros.get(session) ?? Number.POSITIVE_INFINITY, now - time);
      this.#zeros.set(session, zero);
      time_unix = zero + time;
    }
    return { time_unix: round(time_unix, 1e6), age_ms: Math.max(0, round((now - time_unix) * 1000, 1e3)) };
  }
}

/** Calls as methods. */
function rpcCalls(calls: Calls, actRefusal: string | null): Record<string, RpcMethod> {
  const methods = Object.entries(calls).map(([name, serve]): [string, RpcMethod] => {
    const { method, params } = callDefinitions[name as CallName];
    const handle = (given: never): unknown => {
      if (method !== 'GET' && actRefusal !== null) throw new ProtocolError('acting-forbidden', actRefusal);
      return serve(given);
    };
    return [name, { params, handle }];
  });
  return Object.fromEntries(methods);
}

/** The fastest that is allowed. */
function pointRate(most: number | undefined): number | null {
  return most === undefined ? null : pointRates.findLast((rate) => rate <= most)!;
}

function isFromNode(message: WireMessage): message is NodeMessage {
  return 'node' in message;
}

function nodeOf(message: WireMessage): string | null {
  return isFromNode(message) ? message.node : null;
}

function wants({ nodes }: Subscription, node: string | null): boolean {
  return nodes === null || node === null || nodes.has(node);
}

/** Messages of equal key replace each other. */
function keyOf(message: WireMessage): string {
  const { stream, session } = message;
  const part = message.stream === 'signals' ? `${message.id} ${message.kind}` : (nodeOf(message) ?? '');
  return `${stream} ${session} ${part}`;
}

function deliveryOf(message: WireMessage, explain: boolean): Delivery {
  return new Delivery(explain ? message : unexplained(message), keyOf(message));
}

function unsubscribe(
  { subscriptions, queue }: Subscriber,
  { streams, session }: z.output<typeof unsubscribeParamsSchema>,
): UnsubscribeResult {
  const result: UnsubscribeResult = { success: [], failure: [] };
  for (const name of new Set(streams)) {
    const subscription = subscriptions.get(`${name} ${session}`);
    if (subscription) {
      subscriptions.delete(`${name} ${session}`);
      queue.forgetAgain(subscription.stream, session);
      result.success.push({ stream: subscription.stream, session });
    } else {
      const message = `not subscribed to '${name.slice(0, 64)}' of session '${session}'`;
      result.failure.push({ stream: name, code: 'not-subscribed', message });
    }
  }
  return result;
}

function round(value: number, steps: number): number {
  return Math.round(value * steps) / steps;
}

export const webSocketSink: SinkDefinition<Record<string, never>> = {
  type: 'websocket',
  summary:
    "Publishes to subscribers of the daemon's WebSocket: what every model, extract and rest-index node makes, and what `input` names beside them.",
  params: z.strictObject({}),
};
