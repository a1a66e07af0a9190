import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { SessionEvent } from '../../src/core/event.js';
import { Random } from '../../src/core/random.js';
import { type Chunk, type StreamInfo, type StreamMessage, sliceChunk } from '../../src/core/signal.js';
import { streamInfo } from '../../src/testing/stream-fixtures.js';
import { temporaryFolder } from '../setup/temporary-folder.js';
import {
  type Arrival,
  arrivals,
  closed,
  foreign,
  inOrder,
  liveAndReplay,
  opened,
  pipelineOf,
} from './live-and-replay.js';
import { stopAndGo } from './stop-and-go.js';

const read = pipelineOf(`
sources:
  eeg: { type: websocket, stream_type: EEG }
  again: { type: websocket, stream_type: EEG }
  temp: { type: websocket, stream_type: TEMP }
transforms:
  clean: { type: bandpass, input: eeg, low_hz: 2, high_hz: 40 }
  de: { type: extract, input: clean, features: [differential-entropy], window_s: 2, hop_s: 0.5 }
  plain: { type: extract, input: again, features: [differential-entropy], window_s: 1, hop_s: 0.5 }
  z: { type: normalize, input: de, mode: center, min_s: 5 }
  skin: { type: extract, input: temp, features: [skin-temperature], window_s: 2, hop_s: 0.5 }
sinks:
  out: { type: console, input: z }
`);
const pipeline = { ...read, allowed_lateness_s: 2 };
const folder = temporaryFolder();
let files = 0;
const place = (): string => join(folder, `s${files++}`);

const eeg = streamInfo({ type: 'EEG', sfreq: 128, labels: ['Cz', 'Pz'], unit: 'uV' });
const temp = streamInfo({ type: 'TEMP', sfreq: 10, labels: ['hand'], unit: 'degC' });
const slower: StreamInfo = { ...eeg, sfreq: 110 };

/** A headset that is described anew at 10 s, and a thermometer whose samples come late. */
function changing(after: StreamInfo, { before = eeg, gap_s = 0, delay_s = 0.1 } = {}): Arrival[] {
  const head = { chunk_s: 0.1, delay_s: 0.02 };
  const from = 10 + gap_s;
  return inOrder(
    opened(0, before, temp),
    arrivals([
      { ...head, info: before, from: 0, to: 10 },
      { ...head, info: after, from, to: from + 10 },
      { info: temp, from: 0, to: from + 10, chunk_s: 0.3, delay_s },
    ]),
    opened(from + 0.11, after),
    closed(from + 10.5 + delay_s, after, temp),
  );
}

const present = (lines: readonly string[], node: string): number[] =>
  lines.flatMap((line) => {
    const [own, time, , mask] = JSON.parse(line);
    return own === node && (mask as number[]).some((m) => m > 0) ? [time as number] : [];
  });
const upTo = (from: number, to: number): number[] =>
  Array.from({ length: Math.round((to - from) / 0.5) + 1 }, (_, k) => from + 0.5 * k);

describe('a stream that is described anew while it is open', () => {
  it.each([
    ['at another rate', slower],
    [
      'with another channel',
      { ...eeg, channels: [...eeg.channels, { label: 'Oz', unit: 'uV', type: 'EEG' }] },
    ],
    [
      'with channels of other names',
      { ...eeg, channels: eeg.channels.map((c, i) => ({ ...c, label: ['Fz', 'Oz'][i] })) },
    ],
  ])('%s fills its windows anew, the same live, in its recording and in a foreign one', async (_, after) => {
    const happenings = changing(after);
    const { live, replayed, log, events } = await liveAndReplay(place(), pipeline, happenings);
    expect(present(live, 'de')).toEqual([...upTo(2.5, 10), ...upTo(12.5, 20)]);
    expect(present(live, 'plain')).toEqual([...upTo(1, 10), ...upTo(11, 20)]);
    expect(present(live, 'skin').at(-1)).toBe(20);
    expect(replayed).toEqual(live);
    expect(await foreign(pipeline, happenings)).toEqual(live);
    const bound = log.flatMap((message) => (message.kind === 'bind' ? [message.source] : []));
    expect(bound).toEqual(['eeg', 'again', 'temp', 'eeg', 'again']);
    const codes = events.map(({ code }) => code);
    for (const code of ['source-rebound', 'stream-ignored', 'stream-stale'])
      expect(codes).not.toContain(code);
    expect(lateLater(events)).toEqual([]);
  });

  it('keeps what was learnt about the person', async () => {
    const { live } = await liveAndReplay(place(), pipeline, changing(slower));
    const learnt = present(live, 'z');
    expect(learnt[0]).toBeGreaterThanOrEqual(6.5);
    expect(learnt.filter((time) => time > 10)).toEqual(upTo(12.5, 20));
  });

  it('behind a hole, and while the other sensor lags by 1.9 s, loses none of that one’s samples', async () => {
    for (const options of [{ gap_s: 0.43 }, { delay_s: 1.6 }, { gap_s: 0.43, delay_s: 1.6 }]) {
      const happenings = changing(slower, options);
      const { live, replayed, events } = await liveAndReplay(place(), pipeline, happenings);
      expect(replayed).toEqual(live);
      expect(vectors(await foreign(pipeline, happenings))).toEqual(vectors(live));
      expect(lateLater(events)).toEqual([]);
    }
  });

  it('does not depend on how its samples are cut', async () => {
    const happenings = changing(slower);
    const whole = await foreign(pipeline, happenings);
    const cut = (seed: number): Arrival[] => {
      const random = new Random(seed);
      return happenings.flatMap(({ at, message }): Arrival[] =>
        message.kind === 'chunk'
          ? [...pieces(message.chunk, random)].map((chunk) => ({ at, message: { kind: 'chunk', chunk } }))
          : [{ at, message }],
      );
    };
    await fc.assert(
      fc.asyncProperty(fc.integer(), async (seed) => {
        expect(await foreign(pipeline, cut(seed))).toEqual(whole);
      }),
      { numRuns: 8 },
    );
  });

  it('goes on from any place of the change in a new object', async () => {
    const { log } = await liveAndReplay(place(), pipeline, changing(slower, { delay_s: 1.6 }));
    const setup = { ...{ pipeline: pipeline, models: new Map(), ordered: false, monitor: true }, logged };
    const whole = stopAndGo(setup, log, []);
    const change = log.findLastIndex((message) => message.kind === 'open');
    const parts = stopAndGo(
      setup,
      log,
      Array.from({ length: 30 }, (_, k) => change - 2 + k),
    );
    expect(parts.told).toEqual(whole.told);
    expect(parts.state === whole.state).toBe(true);
  });

  it('twice within what another sensor lags keeps the order', async () => {
    const faster = { ...eeg, sfreq: 120 };
    const head = { chunk_s: 0.1, delay_s: 0.02 };
    const happenings = inOrder(
      opened(0, eeg, temp),
      arrivals([
        { ...head, info: eeg, from: 0, to: 10 },
        { ...head, info: slower, from: 10, to: 10.8 },
        { ...head, info: faster, from: 10.8, to: 20 },
        { info: temp, from: 0, to: 20, chunk_s: 0.3, delay_s: 1.6 },
      ]),
      opened(10.11, slower),
      opened(10.91, faster),
      closed(21.9, faster, temp),
    );
    const { live, replayed } = await liveAndReplay(place(), pipeline, happenings);
    expect(present(live, 'de').filter((time) => time > 9)).toEqual([...upTo(9.5, 10), ...upTo(13.5, 20)]);
    expect(replayed).toEqual(live);
    expect(vectors(await foreign(pipeline, happenings))).toEqual(vectors(live));
  });

  it('so that one source can’t use it is masked there, told, and back when it can', async () => {
    const low = { ...eeg, sfreq: 4 };
    const head = { chunk_s: 0.1, delay_s: 0.02 };
    const happenings = inOrder(
      opened(0, eeg, temp),
      arrivals([
        { ...head, info: eeg, from: 0, to: 10 },
        { ...head, info: low, from: 10, to: 15, chunk_s: 0.25 },
        { ...head, info: eeg, from: 15, to: 25 },
        { info: temp, from: 0, to: 25, chunk_s: 0.3, delay_s: 0.1 },
      ]),
      opened(10.12, low),
      opened(15.11, eeg),
      closed(25.5, eeg, temp),
    );
    const { live, replayed, log, events } = await liveAndReplay(place(), pipeline, happenings);
    const ignored = events.filter(({ code }) => code === 'stream-ignored');
    expect(ignored.map(({ message }) => message.slice(0, 4))).toEqual(['eeg:']);
    expect(present(live, 'de').filter((time) => time > 11)).toEqual(upTo(17.5, 25));
    expect(log.flatMap((message) => (message.kind === 'bind' ? [message.source] : []))).toEqual([
      ...['eeg', 'again', 'temp'],
      ...['again', 'eeg', 'again'],
    ]);
    expect(events.map(({ code }) => code)).not.toContain('session-failed');
    expect(replayed).toEqual(live);
    expect(vectors(await foreign(pipeline, happenings))).toEqual(vectors(live));
  });

  it('so that none can use it gives no other stream its place, and takes it back', async () => {
    const only = pipelineOf(`
sources:
  eeg: { type: websocket, stream_type: EEG, failover: true }
transforms:
  clean: { type: bandpass, input: eeg, low_hz: 2, high_hz: 40 }
  de: { type: extract, input: clean, features: [differential-entropy], window_s: 2, hop_s: 0.5 }
`);
    const other = { ...eeg, id: 'other', name: 'other', sourceId: 'other' };
    const low = { ...eeg, sfreq: 4 };
    const head = { chunk_s: 0.1, delay_s: 0.02 };
    const happenings = inOrder(
      opened(0, eeg, other),
      arrivals([
        { ...head, info: eeg, from: 0, to: 10 },
        { ...head, info: other, from: 0.05, to: 25.05 },
        { ...head, info: low, from: 10, to: 15, chunk_s: 0.25 },
        { ...head, info: eeg, from: 15, to: 25 },
      ]),
      opened(10.12, low),
      opened(15.11, eeg),
      closed(25.5, eeg, other),
    );
    const { log, live, replayed, events } = await liveAndReplay(place(), only, happenings);
    expect(events.map(({ code }) => code)).toContain('stream-ignored');
    expect(log.flatMap((message) => (message.kind === 'bind' ? [message.stream] : []))).toEqual([
      'eeg',
      'eeg',
    ]);
    expect(events.map(({ code }) => code)).not.toContain('source-rebound');
    expect(present(live, 'de').filter((time) => time > 11)).toEqual(upTo(17.5, 25));
    expect(replayed).toEqual(live);
  });

  it('whose rate was not told is bound by its next sample once it is measured', async () => {
    const unrated = { ...eeg, sfreq: 0 };
    const head = { chunk_s: 0.1, delay_s: 0.02 };
    const happenings = inOrder(
      opened(0, unrated, temp),
      arrivals([{ ...head, info: eeg, from: 0, to: 10 }]).map(({ at, message }) => ({
        at,
        message: withInfo(message, unrated),
      })),
      opened(10.11, eeg),
      arrivals([
        { ...head, info: eeg, from: 10, to: 20 },
        { info: temp, from: 0, to: 20, chunk_s: 0.3, delay_s: 0.1 },
      ]),
      closed(20.5, eeg, temp),
    );
    const { live, replayed, events } = await liveAndReplay(place(), pipeline, happenings);
    expect(present(live, 'de')).toEqual(upTo(12.5, 20));
    expect(events.map(({ code }) => code)).toContain('stream-ignored');
    expect(replayed).toEqual(live);
    expect(await foreign(pipeline, happenings)).toEqual(live);
  });
});

const logged = new Set(pipeline.sources.keys());

/** Samples that came too late for a window after 2 s: before, one sensor has not come yet, and the first line waits for none. */
function lateLater(events: readonly SessionEvent[]): readonly SessionEvent[] {
  return events.filter(({ code, time = 0 }) => code === 'samples-late' && time > 2);
}

/** Without what is told of silence, which goes by arrivals, live. */
function vectors(lines: readonly string[]): readonly string[] {
  return lines.filter((line) => !line.startsWith('["closed'));
}

function withInfo(message: StreamMessage, info: StreamInfo): StreamMessage {
  return message.kind === 'chunk' ? { kind: 'chunk', chunk: { ...message.chunk, info } } : message;
}

function* pieces(chunk: Chunk, random: Random): Generator<Chunk> {
  const n = chunk.times.length;
  for (let from = 0; from < n; ) {
    const to = Math.min(n, from + 1 + Math.floor(random.uniform() * 9));
    yield sliceChunk(chunk, from, to);
    from = to;
  }
}
