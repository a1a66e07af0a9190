import type { Seconds } from '../../core/clock.js';
import type { StreamInfo, StreamMessage } from '../../core/signal.js';
import { chunkLength, type DataMessage, stampOf } from '../../io/recordings/merge.js';
import { type CanonicalStream, canonicalStreams } from '../../signal/dialects/canonical-stream.js';
import type { RawStreamDeclaration } from '../../signal/dialects/raw-stream.js';

/** Channels that share one clock, held in memory. */
export interface SampledBlock {
  /** In the units in which {@link channel} gives the values. */
  readonly declaration: RawStreamDeclaration;
  /** Stamp of the first sample, s. */
  readonly start: Seconds;
  /** Samples. */
  readonly length: number;
  /** [length] samples of the declared channel `c`; NaN = missing. */
  channel(c: number): ArrayLike<number>;
  /** Samples, in order, before which others are missing. */
  readonly breaks?: readonly number[];
}

/** A stream that is there already, and its messages in order. */
export interface StreamPart {
  readonly info: StreamInfo;
  readonly messages: readonly DataMessage[];
}

/**
 * The messages of one recording: each block's streams in canonical labels and units, and those `beside` them, chunks in
 * order of time.
 */
export function blockMessages(
  blocks: readonly SampledBlock[],
  beside: readonly StreamPart[] = [],
): Iterable<StreamMessage> {
  const streams = blocks.flatMap((block) =>
    canonicalStreams(block.declaration).map((canonical) => ({ block, canonical })),
  );
  return {
    [Symbol.iterator]: () =>
      mergedInOrder(
        [...streams.map(({ canonical }) => canonical.info), ...beside.map(({ info }) => info)],
        [
          ...streams.map(({ block, canonical }): Iterator<DataMessage> => chunksOf(block, canonical)),
          ...beside.map(({ messages }) => messages[Symbol.iterator]()),
        ],
      ),
  };
}

/**
 * Every stream's `open`, the messages of `parts` in order of their first stamp, then every `close`: what
 * `mergeStreams` does, for parts that need no waiting for.
 */
export function* mergedInOrder(
  infos: readonly StreamInfo[],
  parts: readonly Iterator<DataMessage>[],
): Generator<StreamMessage> {
  for (const info of infos) yield { kind: 'open', info };
  const heads = parts.map((part) => part.next());
  try {
    for (;;) {
      let first = -1;
      for (const [p, { done, value }] of heads.entries()) {
        if (done) continue;
        if (first < 0 || stampOf(value) < stampOf(heads[first].value)) first = p;
      }
      if (first < 0) break;
      yield heads[first].value;
      heads[first] = parts[first].next();
    }
  } finally {
    for (const part of parts) part.return?.();
  }
  for (const info of infos) yield { kind: 'close', id: info.id };
}

function* chunksOf(
  { start, length, channel, breaks = [], declaration }: SampledBlock,
  canonical: CanonicalStream,
): Generator<DataMessage> {
  const own = [...canonical.keep].map((c) => channel(c));
  const step = chunkLength(canonical.info, null);
  const edges = [...breaks, length];
  for (const [e, edge] of edges.entries()) {
    const from = e === 0 ? 0 : edges[e - 1];
    for (let at = from; at < edge; at += step) {
      const n = Math.min(step, edge - at);
      const times = new Float64Array(n);
      for (let i = 0; i < n; i++) times[i] = start + (at + i) / declaration.sfreq;
      const data = new Float64Array(own.length * n);
      for (const [c, values] of own.entries())
        for (let i = 0; i < n; i++)
          data[c * n + i] = values[at + i] * canonical.scale[c] + canonical.offset[c];
      yield {
        kind: 'chunk',
        chunk: { info: canonical.info, data, times, gapBefore: e > 0 && at === from },
      };
    }
  }
}
