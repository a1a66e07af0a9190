import type { SessionEvent } from '../../../src/core/event.js';
import type { Marker, StreamMessage } from '../../../src/core/signal.js';
import { channelOf } from '../../../src/core/signal.js';
import { stampOf } from '../../../src/io/recordings/merge.js';
import type { Recording } from '../../../src/io/recordings/recording.js';

export interface ReadStream {
  times: number[];
  /** One array a channel. */
  data: number[][];
  /** Index of each sample that has a gap before it. */
  gaps: number[];
  chunks: number;
}

export interface ReadRecording {
  streams: Map<string, ReadStream>;
  markers: Marker[];
  events: SessionEvent[];
  kinds: StreamMessage['kind'][];
  /** First stamps of chunks and markers in order of delivery. */
  order: number[];
}

/** Everything that a recording gives, chunks of a stream joined. */
export async function readRecording(
  recording: Recording,
  options: { chunk?: number; clockSync?: boolean } = {},
): Promise<ReadRecording> {
  const read: ReadRecording = { streams: new Map(), markers: [], events: [], kinds: [], order: [] };
  const messages = recording.messages({
    chunk: options.chunk ?? null,
    clockSync: options.clockSync ?? true,
    events: (event) => read.events.push(event),
  });
  for await (const message of messages) {
    read.kinds.push(message.kind);
    if (message.kind === 'chunk' || message.kind === 'marker') read.order.push(stampOf(message));
    if (message.kind === 'marker') read.markers.push(message.marker);
    // A stream that is open already goes on at another rate.
    if (message.kind === 'open' && !read.streams.has(message.info.id))
      read.streams.set(message.info.id, {
        times: [],
        data: message.info.channels.map(() => []),
        gaps: [],
        chunks: 0,
      });
    if (message.kind !== 'chunk') continue;
    const stream = read.streams.get(message.chunk.info.id)!;
    stream.chunks++;
    if (message.chunk.gapBefore) stream.gaps.push(stream.times.length);
    for (const [c, values] of stream.data.entries())
      for (const v of channelOf(message.chunk, c)) values.push(v);
    for (const time of message.chunk.times) stream.times.push(time);
  }
  return read;
}

/** What a recording gives, without what depends on the cutting into chunks. */
export async function samplesOf(recording: Recording, options: { chunk?: number } = {}) {
  const { streams, markers } = await readRecording(recording, options);
  return {
    markers,
    streams: [...streams].map(([id, { times, data, gaps }]) => ({ id, times, data, gaps })),
  };
}
