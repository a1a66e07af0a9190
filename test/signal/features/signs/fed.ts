import type { Chunk, StreamInfo, StreamType } from '../../../../src/core/signal.js';
import type { Signs } from '../../../../src/signal/features/signs/signs.js';
import type { ProfileName, SensorName } from '../../../../src/simulation/profile.js';
import { simulateSession } from '../../../../src/simulation/session.js';
import { type UnwornStream, unwornMessages } from '../../../../src/simulation/unworn.js';
import { chunkOf, streamInfo } from '../../../../src/testing/stream-fixtures.js';

/** A sensor's samples from 0 s on, second by second. */
export interface Fed {
  readonly info: StreamInfo;
  readonly chunks: readonly Chunk[];
}

/** What a simulated person's sensor gives. */
export function worn(
  sensor: SensorName,
  duration_s: number,
  { profile = 'epoc', seed = 1 }: { profile?: ProfileName; seed?: number } = {},
): Fed {
  const chunks: Chunk[] = [];
  for (const message of simulateSession({ profile, seed, duration_s, only: [sensor] }))
    if (message.kind === 'chunk' && message.chunk.info.id === sensor) chunks.push(message.chunk);
  return { info: chunks[0].info, chunks };
}

/** What a sensor gives that nobody wears. */
export function unworn(stream: UnwornStream): Fed {
  const chunks: Chunk[] = [];
  for (const message of unwornMessages([stream])) if (message.kind === 'chunk') chunks.push(message.chunk);
  return { info: stream.info, chunks };
}

/** One channel of `sample(t)`. */
export function made(
  type: StreamType,
  sfreq: number,
  duration_s: number,
  sample: (t: number) => number,
  unit = '',
): Fed {
  const info = streamInfo({ type, sfreq, labels: [type], unit });
  const chunks = Array.from({ length: duration_s }, (_, second) =>
    chunkOf(info, [Array.from({ length: sfreq }, (_, k) => sample(second + k / sfreq))], second),
  );
  return { info, chunks };
}

/** The same samples, some of them changed: `change(x, t, channel)`. */
export function changed(
  { info, chunks }: Fed,
  change: (x: number, t: number, channel: number) => number,
): Fed {
  return {
    info,
    chunks: chunks.map((chunk) => {
      const n = chunk.times.length;
      return { ...chunk, data: chunk.data.map((x, i) => change(x, chunk.times[i % n], Math.floor(i / n))) };
    }),
  };
}

/** The verdict at the end of every second, the first at 1 s. */
export function verdicts(signs: Signs, { chunks }: Fed): number[] {
  return chunks.map((chunk, second) => {
    signs.push(chunk);
    return signs.verdict(second + 1);
  });
}
