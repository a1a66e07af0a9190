import type { WebSocket } from 'ws';
import { z } from 'zod';
import type { Clock, Seconds } from '../core/clock.js';
import type { EventSink } from '../core/event.js';
import type { StreamMessage } from '../core/signal.js';
import { CloseCode } from '../protocol/close-code.js';
import {
  outputStreamSchema,
  outputStreams,
  type Policy,
  type SubscribeResult,
  subscribeParamsSchema,
  type UnsubscribeResult,
  unsubscribeParamsSchema,
} from '../protocol/control.js';
import { defaultStreamLimits, type StreamLimits } from '../protocol/limits.js';
import type { OutputStream, SignalsLine, SocketFields } from '../protocol/output.js';
import { RpcSocket, rpcMethod } from '../protocol/rpc-socket.js';
import type { Metrics } from '../telemetry/metrics.js';
import { type Delivery, SubscriberQueue } from './queue/subscriber-queue.js';
import { SignalMessages } from './signals/signal-messages.js';
import { type OutputMessage, type Sink, type SinkDefinition, unexplained } from './sink.js';

export interface WebSocketSinkOptions {
  readonly clock: Clock;
  readonly events: EventSink;
  readonly metrics?: Metrics;
  readonly limits?: Partial<StreamLimits>;
  /** Wall-clock time of a session time, s since 1970. Default: estimated from the message that came soonest after its time. */
  readonly unixOf?: (session: string, time: Seconds) => Seconds | undefined;
}

interface Subscription {
  readonly stream: OutputStream;
  readonly session: string;
  readonly policy: Policy;
  /** Whether messages come with what explains them. */
  readonly explain: boolean;
}

/** A message as those get it who asked for explanations, and as the others do. */
interface Explainable {
  readonly plain: Delivery;
  readonly explained: Delivery;
}

interface Subscriber {
  readonly rpc: RpcSocket;
  readonly queue: SubscriberQueue;
  /** By stream and session filter. */
  readonly subscriptions: Map<string, Subscription>;
}

/** Newest messages kept for late subscribers; beyond it the oldest session's are forgotten. */
const MAX_CURRENT = 4096;

/**
 * Predictions, quality, features and events to subscribers of `/v1/stream`. Each message is serialised once; every
 * subscriber has queues of its own, so that one that reads slowly delays nobody.
 */
export class WebSocketSink implements Sink {
  readonly limits: StreamLimits;
  readonly #options: WebSocketSinkOptions;
  readonly #subscribers = new Set<Subscriber>();
  /** Newest message by stream, session and node. */
  readonly #current = new Map<string, Explainable>();
  readonly #zeros = new Map<string, Seconds>();
  readonly #signals = new SignalMessages();

  constructor(options: WebSocketSinkOptions) {
    this.#options = options;
    this.limits = { ...defaultStreamLimits, ...options.limits };
  }

  get subscribers(): number {
    return this.#subscribers.size;
  }

  publish(message: OutputMessage): void {
    const { stream, session } = message;
    const key = `${stream} ${session}${message.stream === 'features' ? ` ${message.input}` : ''}`;
    const plainMessage = unexplained(message);
    const wallClock = this.#wallClock(message);
    const plain = delivery(plainMessage, wallClock, key);
    const explained = message === plainMessage ? plain : delivery(message, wallClock, key);
    this.#keep({ plain, explained });
    for (const [subscriber, { policy, explain }] of this.#subscribersOf(stream, session))
      subscriber.queue.offer(explain ? explained : plain, policy);
    if (message.stream === 'sys' && message.event.code === 'session-closed') this.#forget(session);
  }

  /** Whether anybody wants the predictions of a session explained. */
  explains(session: string): boolean {
    return this.#subscribersOf('affect', session).some(([, { explain }]) => explain);
  }

  /** What devices push, to those who subscribe to `signals`; nothing is serialised for nobody. */
  publishSignals(session: string, message: StreamMessage): void {
    if (message.kind !== 'close') this.#signals.follow(session, message);
    const subscribers = this.#subscribersOf('signals', session);
    if (subscribers.length > 0) {
      const delivery = this.#signalDelivery(this.#signals.of(session, message));
      for (const [subscriber, { policy }] of subscribers) subscriber.queue.offer(delivery, policy);
    }
    if (message.kind === 'close') this.#signals.follow(session, message);
  }

  /** Serves one connection until it closes. Its `maxPayload` should be {@link StreamLimits.max_frame_bytes}. */
  accept(socket: WebSocket, from: string): void {
    const { clock, metrics, events } = this.#options;
    const rpc = new RpcSocket(socket, {
      clock,
      messages_per_s: this.limits.messages_per_s,
      methods: {
        subscribe: rpcMethod(subscribeParamsSchema, (params) => this.#subscribe(subscriber, params)),
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

  #signalDelivery(message: SignalsLine): Delivery {
    const key = `signals ${message.session} ${message.id} ${message.kind}`;
    return delivery(message, this.#wallClock(message), key);
  }

  #subscribersOf(stream: OutputStream, session: string): (readonly [Subscriber, Subscription])[] {
    return [...this.#subscribers].flatMap((subscriber) => {
      const { subscriptions } = subscriber;
      const subscription = subscriptions.get(`${stream} ${session}`) ?? subscriptions.get(`${stream} *`);
      return subscription ? [[subscriber, subscription] as const] : [];
    });
  }

  #subscribe(subscriber: Subscriber, params: z.output<typeof subscribeParamsSchema>): SubscribeResult {
    const { session, policy, explain } = params;
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
        subscriber.subscriptions.set(key, { stream, session, policy, explain });
        result.success.push({ stream, session, policy });
        // The response goes first.
        if (stream === 'signals') queueMicrotask(() => this.#offerOpenings(subscriber, session, policy));
        else if (policy === 'latest')
          queueMicrotask(() => this.#offerCurrent(subscriber, stream, session, explain));
      }
    }
    return result;
  }

  #offerCurrent(subscriber: Subscriber, stream: OutputStream, session: string, explain: boolean): void {
    for (const { plain, explained } of this.#current.values())
      if (plain.stream === stream && (session === '*' || plain.session === session))
        subscriber.queue.offer(explain ? explained : plain, 'latest');
  }

  #offerOpenings(subscriber: Subscriber, session: string, policy: Policy): void {
    for (const message of this.#signals.openings(session))
      subscriber.queue.offer(this.#signalDelivery(message), policy);
  }

  #keep(message: Explainable): void {
    const { key } = message.plain;
    this.#current.delete(key);
    this.#current.set(key, message);
    if (this.#current.size > MAX_CURRENT) this.#forget(this.#current.values().next().value!.plain.session);
  }

  #forget(session: string): void {
    this.#zeros.delete(session);
    for (const [key, { plain }] of this.#current) if (plain.session === session) this.#current.delete(key);
  }

  #wallClock({ session, time }: OutputMessage | SignalsLine): SocketFields {
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

function delivery(message: OutputMessage | SignalsLine, wallClock: SocketFields, key: string): Delivery {
  const { stream, session } = message;
  return { stream, session, key, bytes: Buffer.from(JSON.stringify({ ...message, ...wallClock })) };
}

function unsubscribe(
  { subscriptions }: Subscriber,
  { streams, session }: z.output<typeof unsubscribeParamsSchema>,
): UnsubscribeResult {
  const result: UnsubscribeResult = { success: [], failure: [] };
  for (const name of new Set(streams)) {
    const subscription = subscriptions.get(`${name} ${session}`);
    if (subscription) {
      subscriptions.delete(`${name} ${session}`);
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
  summary: "Publishes to subscribers of the daemon's WebSocket.",
  params: z.strictObject({}),
};
