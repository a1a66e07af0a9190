import type { StreamMessage } from '../../core/signal.js';

/** Most messages, and values in them, that are put in order. */
const MAX_MESSAGES = 65_536;
const MAX_VALUES = 4_194_304;

/**
 * What came while we stood still, put in order of time over all streams: sockets are read one after the other, and windows
 * must not close on what the first of them held. What opens, closes or is told of a stream keeps its place.
 */
export class Backlog {
  #messages: StreamMessage[] = [];
  #values = 0;

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
    const endRun = (): void => {
      ordered.push(...run.sort((a, b) => stampOf(a) - stampOf(b)));
      run = [];
    };
    for (const message of taken) {
      if (message.kind === 'chunk' || message.kind === 'marker') run.push(message);
      else {
        endRun();
        ordered.push(message);
      }
    }
    endRun();
    return ordered;
  }
}

function stampOf(message: StreamMessage): number {
  if (message.kind === 'chunk') return message.chunk.times[0] ?? Number.NEGATIVE_INFINITY;
  return message.kind === 'marker' ? message.marker.time : Number.NEGATIVE_INFINITY;
}
