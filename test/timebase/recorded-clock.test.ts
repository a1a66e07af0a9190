import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { RandomAccessFile } from '../../src/recordings/random-access-file.js';
import { indexXdf } from '../../src/recordings/xdf-index.js';
import { XdfSampleReader } from '../../src/recordings/xdf-sample-reader.js';
import { SessionTime } from '../../src/timebase/session-time.js';
import { StreamClock } from '../../src/timebase/stream-clock.js';

/** Recordings of a Muse over LSL, which are not shipped. */
const folder = join(import.meta.dirname, '../../../shared/recordings/muse-lsl');
const files = existsSync(folder)
  ? readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.xdf'))
  : [];

interface Message {
  readonly place: number;
  readonly stream: number;
  readonly stamps: readonly number[];
}

describe.skipIf(files.length === 0)(
  `a clock on recordings of a Muse (${folder}; skipped where absent)`,
  () => {
    it.each(files)(
      'finds at most one gap that is none in each stream of %s, two where it lasts no 10 s',
      (name) => {
        const file = new RandomAccessFile(join(folder, name));
        try {
          const streams = indexXdf(file).streams.filter(
            ({ sfreq, chunkOffsets }) => sfreq > 0 && chunkOffsets.length > 0,
          );
          const messages: Message[] = [];
          for (const [index, stream] of streams.entries()) {
            const reader = new XdfSampleReader(file, stream);
            let stamps: number[] = [];
            let chunk = 0;
            const end = () => {
              if (stamps.length > 0)
                messages.push({ place: stream.chunkOffsets[chunk], stream: index, stamps });
              stamps = [];
            };
            while (reader.next()) {
              if (reader.chunk !== chunk) end();
              chunk = reader.chunk;
              stamps.push(reader.stamp);
            }
            end();
          }
          messages.sort((a, b) => a.place - b.place);
          const session = new SessionTime();
          const clocks = streams.map(
            ({ sfreq }) => new StreamClock<null>({ session, sfreq, clock: 'recorder' }),
          );
          const found = streams.map(() => ({ events: [] as string[], gapTimes: [] as number[] }));
          // What a recording tells of arrivals is the order of chunks: each came after all stamps before it in the file.
          let arrival = Number.NEGATIVE_INFINITY;
          for (const { stream, stamps } of messages) {
            arrival = Math.max(arrival, stamps[stamps.length - 1]);
            for (const output of clocks[stream].take({ stamps, arrival, content: null }))
              if (output.kind === 'event') found[stream].events.push(output.code);
              else found[stream].gapTimes.push(...output.gaps.map((i) => output.times[i]));
          }
          for (const [i, { events, gapTimes }] of found.entries()) {
            // Packets of twelve: where one is lost the step is some 13 periods, and jitter never took off a third of that.
            const steps = stepsAt(
              messages.filter(({ stream }) => stream === i).flatMap(({ stamps }) => stamps),
              gapTimes,
            );
            const period_s = 1 / streams[i].sfreq;
            // Before 10 s a stream has shown little of how late its packets come.
            const most = spanOf(messages, i) < 10 ? 2 : 1;
            const none = steps.filter((step_s) => step_s < 9 * period_s);
            expect([streams[i].name, none.length <= most, events], `${streams[i].name}: ${steps}`).toEqual([
              streams[i].name,
              true,
              [],
            ]);
          }
        } finally {
          file.close();
        }
      },
    );
  },
);

function spanOf(messages: readonly Message[], index: number): number {
  const stamps = messages.filter(({ stream }) => stream === index).flatMap((message) => message.stamps);
  return stamps[stamps.length - 1] - stamps[0];
}

function stepsAt(stamps: readonly number[], times: readonly number[]): number[] {
  return times.map((time) => {
    const at = stamps.findIndex((stamp) => Math.abs(stamp - time) < 1e-6);
    return stamps[at] - stamps[at - 1];
  });
}
