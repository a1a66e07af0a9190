import type { Seconds } from '../../core/clock.js';
import { type StreamMessage, streamOf } from '../../core/signal.js';

/** Most messages, and values in them, that are put in order: half of what an `Inbox` has room for, into which they go at once. */
const MAX_MESSAGES = 32_768;
const MAX_VALUES = 2_097_152;

/**
 * What came while something was still to come that was sent before it, put in order of time over all streams: sockets are read one
 * after the other, and windows must not close on what the first of them held. Each stream's own messages keep their order; it opens
 * right before, and closes right behind, its samples.
 */
export class Backlog {
  #messages: StreamMessage[] = [];
  #values = 0;

  get isEmpty(): boolean {
    return this.#messages.length === 0;
  }

  get isFull(): boolean {
    return this.#messages.length >= MAX_MESSAGES || this.#values >= MAX_VALUES;
  }

  add(message: StreamMessage): void {
    this.#messages.push(message);
    if (message.kind === 'chunk') this.#values += message.chunk.data.length;
  }

  /** All of it, in order; nothing is left. */
  take(): readonly StreamMessage[] {
    const taken = this.#messages;
    this.#messages = [];
    this.#values = 0;
    const ordered: StreamMessage[] = [];
    let run: StreamMessage[] = [];
    for (const message of taken) {
      if (streamOf(message) !== null) {
        run.push(message);
        continue;
      }
      ordered.push(...inOrder(run), message);
      run = [];
    }
    ordered.push(...inOrder(run));
    return ordered;
  }
}

/** Messages about streams, in order of time. */
function inOrder(messages: readonly StreamMessage[]): StreamMessage[] {
  const places: Seconds[] = [];
  const last = new Map<string | null, Seconds>();
  for (const message of messages) {
    const id = streamOf(message);
    const place = Math.max(last.get(id) ?? Number.NEGATIVE_INFINITY, stampOf(message));
    last.set(id, place);
    places.push(place);
  }
  const next = new Map<string | null, Seconds>();
  for (let i = messages.length - 1; i >= 0; i--) {
    const id = streamOf(messages[i]);
    if (messages[i].kind === 'open') places[i] = next.get(id) ?? places[i];
    else next.set(id, places[i]);
  }
  return messages
    .map((message, i) => ({ message, place: places[i] }))
    .sort((a, b) => (a.place < b.place ? -1 : a.place > b.place ? 1 : 0))
    .map(({ message }) => message);
}

function stampOf(message: StreamMessage): Seconds {
  if (message.kind === 'chunk') return message.chunk.times[0] ?? Number.NEGATIVE_INFINITY;
  return message.kind === 'marker' ? message.marker.time : Number.NEGATIVE_INFINITY;
}
