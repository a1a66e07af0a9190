import type { WebSocket } from 'ws';
import type { DroppedParams, Policy } from '../../protocol/control.js';
import type { StreamLimits } from '../../protocol/limits.js';
import type { OutputStream } from '../../protocol/output.js';
import type { Delivery } from './delivery.js';

export interface SubscriberQueueEvents {
  sent(delivery: Delivery): void;
  dropped(delivery: Delivery, policy: Policy): void;
  /** Tells the client, before its next message of that stream and session. */
  tellDropped(params: DroppedParams): void;
  /** More waits than policy `buffer`, or a connection, holds. */
  overflowed(): void;
}

interface Waiting {
  readonly delivery: Delivery;
  /** `again`: told before; it waits for the socket whatever the policy. */
  readonly policy: Policy | 'again';
  /** 0 until the socket has turned it away. */
  bytes: number;
}

interface Drops {
  count: number;
  total: number;
}

/**
 * What waits for one subscriber. Messages go to the socket while the kernel takes them; when it doesn't, they wait
 * here in order, and each subscription's policy says what gives way.
 */
export class SubscriberQueue {
  readonly #socket: WebSocket;
  readonly #limits: StreamLimits;
  readonly #events: SubscriberQueueEvents;
  readonly #waiting = new Set<Waiting>();
  /** The one that waits, by key, under policy `latest`. */
  readonly #latest = new Map<string, Waiting>();
  readonly #counts = { 'drop-oldest': 0, buffer: 0 };
  readonly #drops = new Map<string, Drops>();
  #inFlightBytes = 0;
  #waitingBytes = 0;
  #overflowed = false;

  constructor(socket: WebSocket, limits: StreamLimits, events: SubscriberQueueEvents) {
    this.#socket = socket;
    this.#limits = limits;
    this.#events = events;
  }

  offer(delivery: Delivery, policy: Policy): void {
    if (this.#overflowed) return;
    if (policy === 'latest') {
      const replaced = this.#latest.get(delivery.key);
      if (replaced) this.#drop(replaced);
    } else if (policy === 'drop-oldest') {
      const oldest = this.#counts[policy] >= this.#limits.queue_messages ? this.#oldest(policy) : null;
      if (oldest) this.#drop(oldest);
    } else if (this.#counts[policy] >= this.#limits.buffer_messages) {
      this.#overflow();
      return;
    }
    const waiting = { delivery, policy, bytes: 0 };
    this.#waiting.add(waiting);
    if (policy === 'latest') this.#latest.set(delivery.key, waiting);
    else this.#counts[policy]++;
    this.#pump();
    this.#weigh(waiting);
  }

  /** What is told again, ahead of what comes; bounded by what is kept of it. */
  offerAgain(deliveries: readonly Delivery[]): void {
    if (this.#overflowed) return;
    for (const delivery of deliveries) this.#waiting.add({ delivery, policy: 'again', bytes: 0 });
    this.#pump();
  }

  /** Drops what still waits to be told again of a stream of a session. */
  forgetAgain(stream: OutputStream, session: string): void {
    for (const waiting of this.#waiting) {
      const { delivery, policy } = waiting;
      if (policy === 'again' && delivery.stream === stream && delivery.session === session)
        this.#take(waiting);
    }
  }

  clear(): void {
    this.#waiting.clear();
    this.#latest.clear();
    this.#waitingBytes = 0;
  }

  /** Counts what the socket turned away; beyond what a connection holds, the oldest that may go does. */
  #weigh(waiting: Waiting): void {
    if (!this.#waiting.has(waiting)) return;
    waiting.bytes = waiting.delivery.bytes.length;
    this.#waitingBytes += waiting.bytes;
    while (this.#waitingBytes > this.#limits.queue_bytes) {
      const oldest = this.#oldest('drop-oldest', 'latest');
      if (!oldest) {
        this.#overflow();
        return;
      }
      this.#drop(oldest);
    }
  }

  #overflow(): void {
    this.#overflowed = true;
    this.clear();
    this.#events.overflowed();
  }

  #pump(): void {
    if (this.#socket.readyState !== this.#socket.OPEN) return;
    for (const waiting of this.#waiting) {
      if (this.#inFlightBytes >= this.#limits.in_flight_bytes) return;
      this.#take(waiting);
      this.#send(waiting.delivery);
    }
  }

  #send(delivery: Delivery): void {
    const { stream, session, bytes } = delivery;
    const drops = this.#drops.get(`${stream} ${session}`);
    if (drops && drops.count > 0) {
      this.#events.tellDropped({ stream, session, count: drops.count, total: drops.total });
      drops.count = 0;
    }
    this.#inFlightBytes += bytes.length;
    this.#socket.send(bytes, { binary: false }, () => {
      this.#inFlightBytes -= bytes.length;
      this.#pump();
    });
    this.#events.sent(delivery);
  }

  #drop(waiting: Waiting): void {
    this.#take(waiting);
    const { delivery, policy } = waiting;
    const { stream, session } = delivery;
    const drops = this.#drops.get(`${stream} ${session}`) ?? { count: 0, total: 0 };
    drops.count++;
    drops.total++;
    this.#drops.set(`${stream} ${session}`, drops);
    if (policy !== 'again') this.#events.dropped(delivery, policy);
  }

  #take(waiting: Waiting): void {
    this.#waiting.delete(waiting);
    this.#waitingBytes -= waiting.bytes;
    if (waiting.policy === 'latest') this.#latest.delete(waiting.delivery.key);
    else if (waiting.policy !== 'again') this.#counts[waiting.policy]--;
  }

  #oldest(...policies: readonly Policy[]): Waiting | null {
    for (const waiting of this.#waiting)
      if (waiting.policy !== 'again' && policies.includes(waiting.policy)) return waiting;
    return null;
  }
}
