import type { StreamMessage } from '../../core/signal.js';

/** Most messages, and values in them, that wait for one session; samples beyond are left out, and told as `samples-dropped`. */
const MAX_MESSAGES = 65_536;
const MAX_VALUES = 4_194_304;

/** Messages that wait for a session that is busy with those before, in order; bounded for senders that can't be held. */
export class Inbox {
  #messages: StreamMessage[] = [];
  /** Place of the next message: what is before it was taken. */
  #head = 0;
  #values = 0;

  constructor(
    readonly maxMessages = MAX_MESSAGES,
    readonly maxValues = MAX_VALUES,
  ) {}

  get size(): number {
    return this.#messages.length - this.#head;
  }

  /** False where there is no room for its samples; what opens and closes streams always has room. */
  offer(message: StreamMessage): boolean {
    const values = valuesOf(message);
    if (values > 0 && this.size > 0) {
      const isFull = this.size >= this.maxMessages || this.#values + values > this.maxValues;
      if (isFull) return false;
    }
    this.#messages.push(message);
    this.#values += values;
    return true;
  }

  take(): StreamMessage | undefined {
    if (this.size === 0) return undefined;
    const message = this.#messages[this.#head++];
    this.#values -= valuesOf(message);
    if (this.#head >= 64 && this.#head * 2 >= this.#messages.length) {
      this.#messages = this.#messages.slice(this.#head);
      this.#head = 0;
    }
    return message;
  }
}

function valuesOf(message: StreamMessage): number {
  if (message.kind === 'chunk') return message.chunk.data.length;
  return message.kind === 'marker' ? 1 : 0;
}
