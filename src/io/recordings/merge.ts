import type { StreamInfo, StreamMessage } from '../../core/signal.js';

/** A chunk or a marker: what a stream carries between its `open` and its `close`. */
export type DataMessage = Extract<StreamMessage, { kind: 'chunk' | 'marker' }>;

/** -Infinity of what carries no stamp. */
export function stampOf(message: StreamMessage): number {
  if (message.kind === 'chunk') return message.chunk.times[0];
  return message.kind === 'marker' ? message.marker.time : Number.NEGATIVE_INFINITY;
}

/** Values in a chunk at most, so that neither a damaged rate nor a huge request takes all memory. */
const MAX_CHUNK_VALUES = 1 << 22;

/** Samples per chunk of a stream: as asked, or about half a second (irregular streams: at most 64 samples). */
export function chunkLength({ sfreq, channels }: StreamInfo, asked: number | null): number {
  const natural = sfreq > 0 ? Math.max(1, Math.round(sfreq / 2)) : 64;
  return Math.min(asked ?? natural, Math.max(1, Math.floor(MAX_CHUNK_VALUES / Math.max(1, channels.length))));
}

/**
 * Every stream's `open`, then the messages of all streams in order of their first stamp or of another `place` (ties:
 * order of the streams), then every `close`. Each of `streams` gives its own messages in order.
 */
export async function* mergeStreams(
  infos: readonly StreamInfo[],
  streams: readonly (Iterator<StreamMessage> | AsyncIterator<StreamMessage>)[],
  place: (message: StreamMessage) => number = stampOf,
): AsyncGenerator<StreamMessage> {
  for (const info of infos) yield { kind: 'open', info };
  const heads: (StreamMessage | null)[] = [];
  const places = new Float64Array(streams.length).fill(Number.POSITIVE_INFINITY);
  const take = (s: number, { done, value }: IteratorResult<StreamMessage>) => {
    heads[s] = done ? null : value;
    places[s] = done ? Number.POSITIVE_INFINITY : place(value);
  };
  try {
    for (const [s, stream] of streams.entries()) take(s, await stream.next());
    for (;;) {
      let first = -1;
      for (let s = 0; s < streams.length; s++)
        if (heads[s] && (first < 0 || places[s] < places[first])) first = s;
      if (first < 0) break;
      yield heads[first]!;
      // A cursor on a file answers at once: awaiting it would cost more than reading a small chunk.
      const next = streams[first].next();
      take(first, next instanceof Promise ? await next : next);
    }
  } finally {
    for (const stream of streams) await stream.return?.();
  }
  for (const info of infos) yield { kind: 'close', id: info.id };
}
