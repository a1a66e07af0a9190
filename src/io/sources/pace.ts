import type { Clock, Seconds } from '../../core/clock.js';
import type { StreamMessage } from '../../core/signal.js';

/** Resolves after `span_s` on `clock`, or when `signal` aborts; at once for spans of 0 or less. Never rejects. */
export function wait(clock: Clock, span_s: Seconds, signal: AbortSignal | undefined): Promise<void> {
  if (span_s <= 0 || signal?.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const timer = clock.after(span_s, end);
    function end(): void {
      timer.cancel();
      signal?.removeEventListener('abort', end);
      resolve();
    }
    signal?.addEventListener('abort', end);
  });
}

const LONGEST_CHUNK_S: Seconds = 0.5;

/**
 * Gives recorded messages at `speed` times the pace at which they were recorded: a chunk when its last sample would
 * have been measured, but not longer than half a second after its first one, so that a slow stream's long chunk doesn't
 * hold up the others. Order and content are untouched. Ends early when `signal` aborts.
 */
export async function* pace(
  messages: AsyncIterable<StreamMessage> | Iterable<StreamMessage>,
  options: { readonly clock: Clock; readonly speed: number; readonly signal?: AbortSignal },
): AsyncGenerator<StreamMessage> {
  const { clock, speed, signal } = options;
  let zero: Seconds | null = null;
  const start = clock.now();
  for await (const message of messages) {
    if (signal?.aborted) return;
    if (message.kind === 'chunk' && message.chunk.times.length > 0) {
      const { times } = message.chunk;
      zero ??= times[0];
      const due = Math.min(times[times.length - 1], times[0] + LONGEST_CHUNK_S);
      await wait(clock, start + (due - zero) / speed - clock.now(), signal);
      if (signal?.aborted) return;
    }
    yield message;
  }
}
