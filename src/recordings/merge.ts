import type { StreamInfo, StreamMessage } from '../core/signal.js';

/** A chunk or a marker: what a stream carries between its `open` and its `close`. */
export type DataMessage = Extract<StreamMessage, { kind: 'chunk' | 'marker' }>;

export function stampOf(message: DataMessage): number {
  return message.kind === 'chunk' ? message.chunk.times[0] : message.marker.time;
}

/** Samples per chunk, unless the reader of the recording asks for a number: about half a second. */
export function defaultChunk(sfreq: number): number {
  return Math.max(1, Math.round(sfreq / 2));
}

/**
 * Every stream's `open`, then the messages of all streams in order of their first stamp (ties: order of the streams),
 * then every `close`. Each of `streams` gives its own messages in order.
 */
export async function* mergeStreams(
  infos: readonly StreamInfo[],
  streams: readonly (Iterator<DataMessage> | AsyncIterator<DataMessage>)[],
): AsyncGenerator<StreamMessage> {
  for (const info of infos) yield { kind: 'open', info };
  const heads: (DataMessage | null)[] = [];
  const stamps = new Float64Array(streams.length).fill(Number.POSITIVE_INFINITY);
  const advance = async (s: number) => {
    const next = streams[s].next();
    const { done, value } = next instanceof Promise ? await next : next;
    heads[s] = done ? null : value;
    stamps[s] = done ? Number.POSITIVE_INFINITY : stampOf(value);
  };
  try {
    for (let s = 0; s < streams.length; s++) await advance(s);
    for (;;) {
      let first = -1;
      for (let s = 0; s < streams.length; s++)
        if (heads[s] && (first < 0 || stamps[s] < stamps[first])) first = s;
      if (first < 0) break;
      yield heads[first]!;
      await advance(first);
    }
  } finally {
    for (const stream of streams) await stream.return?.();
  }
  for (const info of infos) yield { kind: 'close', id: info.id };
}
