import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { StreamInfo } from '../../src/core/signal.js';
import { streamInfo } from '../../src/testing/stream-fixtures.js';
import { temporaryFolder } from '../setup/temporary-folder.js';
import {
  type Arrival,
  arrivals,
  closed,
  inOrder,
  type LiveAndReplay,
  liveAndReplay,
  opened,
  pipelineOf,
  type Sent,
} from './live-and-replay.js';

const HOP_S = 0.25;
const folder = temporaryFolder();
let files = 0;

const eeg = streamInfo({ type: 'EEG', sfreq: 100, labels: ['Cz'], unit: 'uV' });
const acc = streamInfo({ type: 'ACC', sfreq: 50, labels: ['x'], unit: 'g' });
const gaze: StreamInfo = {
  ...streamInfo({ type: 'Gaze', sfreq: 60, labels: ['x', 'y'], unit: 'px' }),
  id: 'gaze',
};

const source = (name: string, type: string, id?: string): string =>
  `  ${name}: { type: websocket, stream_type: ${type}${id ? `, source_id: ${id}` : ''} }`;
const raw = (name: string): string =>
  `  ${name}_raw: { type: extract, input: ${name}, features: [differential-entropy], window_s: 1, hop_s: ${HOP_S} }`;
const pipelineFor = (sources: readonly string[], names: readonly string[]) =>
  pipelineOf(`sources:\n${sources.join('\n')}\ntransforms:\n${names.map(raw).join('\n')}\n`);
const one = pipelineFor([source('eeg', 'EEG')], ['eeg']);
const withSkin = pipelineOf(`
sources:
  eeg: { type: websocket, stream_type: EEG }
  eda: { type: websocket, stream_type: EDA }
transforms:
${raw('eeg')}
  eda_raw: { type: extract, input: eda, features: [skin-conductance], window_s: 4, hop_s: ${HOP_S} }
`);

/** When a window of `node` closed, s of the machine's clock, and whether the stream was there. */
async function run(
  pipeline: Parameters<typeof liveAndReplay>[1],
  happenings: readonly Arrival[],
  options: Parameters<typeof liveAndReplay>[3] = {},
): Promise<LiveAndReplay> {
  const result = await liveAndReplay(join(folder, `s${files++}`), pipeline, happenings, options);
  expect(result.replayed).toEqual(result.live);
  return result;
}

const rows = ({ live, closedAt }: LiveAndReplay, node: string) =>
  live.flatMap((line, i) => {
    const [own, time, , mask] = JSON.parse(line);
    return own === node
      ? [{ time: time as number, isThere: (mask as number[]).some((m) => m > 0), at: closedAt[i] }]
      : [];
  });
const eventsOf = ({ events }: LiveAndReplay, ...codes: string[]) =>
  events.filter(({ code }) => codes.includes(code)).map(({ code, stream, time }) => [code, stream, time]);
const head: Omit<Sent, 'info' | 'from' | 'to'> = { chunk_s: 0.1, delay_s: 0.02 };

describe('a session whose sensors fall silent', () => {
  it.each([1, 8])(
    'says so within 0.6 s and a hop, at every hop, in real time, with %i devices',
    async (count) => {
      const devices = Array.from({ length: count }, (_, k) => ({
        ...eeg,
        id: `e${k}`,
        name: `e${k}`,
        sourceId: `E${k}`,
      }));
      const names = devices.map((_, k) => `eeg${k}`);
      const pipeline = pipelineFor(
        names.map((name, k) => source(name, 'EEG', `E${k}`)),
        names,
      );
      const result = await run(
        pipeline,
        inOrder(
          opened(0, ...devices),
          arrivals(devices.map((info) => ({ ...head, info, from: 0, to: 10 }))),
          closed(60, ...devices),
        ),
      );
      const own = rows(result, 'eeg0_raw');
      expect(own.map(({ time }) => time)).toEqual(own.map((_, k) => 1 + HOP_S * k));
      expect(own.at(-1)?.time).toBeGreaterThan(59);
      const silent = own.filter(({ isThere }) => !isThere);
      // The last samples came at 10.02 s.
      expect(silent[0].at).toBeLessThanOrEqual(10.02 + 0.6 + HOP_S + 0.1);
      for (const { time, at } of silent.slice(2)) {
        expect(at - time).toBeGreaterThanOrEqual(0);
        expect(at - time).toBeLessThanOrEqual(0.15);
      }
      expect(eventsOf(result, 'stream-stale')).toHaveLength(count);
    },
  );

  it('masks the one of eight that does, and waits for it no longer than 0.6 s', async () => {
    const devices = Array.from({ length: 8 }, (_, k) => ({
      ...eeg,
      id: `e${k}`,
      name: `e${k}`,
      sourceId: `E${k}`,
    }));
    const names = devices.map((_, k) => `eeg${k}`);
    const pipeline = pipelineFor(
      names.map((name, k) => source(name, 'EEG', `E${k}`)),
      names,
    );
    const result = await run(
      pipeline,
      inOrder(
        opened(0, ...devices),
        arrivals(devices.map((info, k) => ({ ...head, info, from: 0, to: k === 3 ? 10 : 20 }))),
        closed(20.2, ...devices),
      ),
    );
    expect(eventsOf(result, 'stream-stale', 'stream-returned')).toEqual([['stream-stale', 'e3', 10.25]]);
    for (const { time, at, isThere } of rows(result, 'eeg3_raw')) {
      expect(at - time).toBeLessThanOrEqual(0.75);
      expect(isThere).toBe(time <= 10.5);
    }
    expect(rows(result, 'eeg4_raw').every(({ isThere }) => isThere)).toBe(true);
  });
});

describe('a Muse, whose ACC goes on and feeds nothing', () => {
  it('drops its EEG for 9 s: lines go on, and it is back once the window is full', async () => {
    const result = await run(
      one,
      inOrder(
        opened(0, eeg, acc),
        arrivals([
          { ...head, info: eeg, from: 0, to: 20 },
          { ...head, info: eeg, from: 29, to: 40, gap: true },
          { ...head, info: acc, from: 0, to: 40 },
        ]),
        closed(40.1, eeg, acc),
      ),
    );
    const own = rows(result, 'eeg_raw');
    expect(own.map(({ time }) => time)).toEqual(own.map((_, k) => 1 + HOP_S * k));
    expect(own.filter(({ isThere }) => !isThere).map(({ time }) => time)).toEqual(
      Array.from({ length: 37 }, (_, k) => 20.75 + HOP_S * k),
    );
    for (const { at, time } of own) expect(at - time).toBeLessThanOrEqual(0.75);
    expect(eventsOf(result, 'stream-stale', 'stream-returned').map(([code]) => code)).toEqual([
      'stream-stale',
      'stream-returned',
    ]);
  });

  it('never sends EEG again: lines go on as long as the session is open', async () => {
    const result = await run(
      one,
      inOrder(
        opened(0, eeg, acc),
        arrivals([
          { ...head, info: eeg, from: 0, to: 20 },
          { ...head, info: acc, from: 0, to: 120 },
        ]),
        closed(120, eeg, acc),
      ),
    );
    const own = rows(result, 'eeg_raw');
    expect(own.map(({ time }) => time)).toEqual(own.map((_, k) => 1 + HOP_S * k));
    expect(own.at(-1)?.time).toBeGreaterThan(119);
    expect(own.filter(({ time }) => time > 21).some(({ isThere }) => isThere)).toBe(false);
  });
});

describe('skin conductance that comes in long chunks', () => {
  it.each([
    { sfreq: 10, chunk_s: 0.7, stale: [1] },
    { sfreq: 8, chunk_s: 0.75, stale: [1] },
    { sfreq: 5, chunk_s: 1, stale: [1] },
    { sfreq: 4, chunk_s: 0.5, stale: [] },
    { sfreq: 4, chunk_s: 2, stale: [2] },
  ])(
    'of $chunk_s s at $sfreq Hz is there at every hop, and called silent at most once, before the second',
    async ({ sfreq, chunk_s, stale }) => {
      const eda = streamInfo({ type: 'EDA', sfreq, labels: ['eda'], unit: 'uS' });
      const result = await run(
        withSkin,
        inOrder(
          opened(0, eeg, eda),
          arrivals([
            { ...head, info: eeg, from: 0, to: 42 },
            { info: eda, from: 0, to: 42, chunk_s, delay_s: 0.02 },
          ]),
          closed(42.1, eeg, eda),
        ),
      );
      const own = rows(result, 'eda_raw').filter(({ time }) => time > 4 + chunk_s);
      expect(own.length).toBeGreaterThan(140);
      expect(own.filter(({ isThere }) => !isThere)).toEqual([]);
      const told = eventsOf(result, 'stream-stale');
      expect(told).toHaveLength(stale.length);
      for (const [, , time] of told) expect(time).toBeLessThanOrEqual(1.5 * chunk_s + HOP_S);
    },
  );

  it('is masked where samples are missing between chunks that came in time', async () => {
    const eda = streamInfo({ type: 'EDA', sfreq: 5, labels: ['eda'], unit: 'uS' });
    const result = await run(
      withSkin,
      inOrder(
        opened(0, eeg, eda),
        arrivals([
          { ...head, info: eeg, from: 0, to: 42 },
          { info: eda, from: 0, to: 20, chunk_s: 0.2, delay_s: 0.02 },
          { info: eda, from: 23, to: 42, chunk_s: 0.2, delay_s: 0.02, gap: true },
        ]),
        closed(42.1, eeg, eda),
      ),
    );
    const masked = rows(result, 'eda_raw').filter(({ time, isThere }) => time > 4.5 && !isThere);
    expect(masked[0].time).toBe(20.75);
    expect(masked.length).toBeGreaterThanOrEqual(10);
  });
});

describe('gaze that comes in long chunks', () => {
  it.each([1, 1.5])('of %d s is there at every hop from the fourth on', async (chunk_s) => {
    const pipeline = pipelineOf(`
sources:
  eeg: { type: websocket, stream_type: EEG }
  gaze: { type: websocket, stream_type: Gaze }
transforms:
  eeg_raw: { type: extract, input: eeg, features: [differential-entropy], window_s: 1, hop_s: ${HOP_S} }
  gaze_raw: { type: extract, input: gaze, features: [gaze-statistics], window_s: 1, hop_s: ${HOP_S} }
`);
    const result = await run(
      pipeline,
      inOrder(
        opened(0, eeg, gaze),
        arrivals([
          { ...head, info: eeg, from: 0, to: 40 },
          { info: gaze, from: 0, to: 39, chunk_s, delay_s: 0.05 },
        ]),
        closed(40.1, eeg, gaze),
      ),
    );
    const own = rows(result, 'gaze_raw').filter(({ time }) => time > 4 * chunk_s && time < 38);
    expect(own.length).toBeGreaterThan(80);
    expect(own.every(({ isThere }) => isThere)).toBe(true);
    for (const { at, time } of own) expect(at - time).toBeLessThanOrEqual(2);
    const late = result.events.filter(({ code, time = 0 }) => code === 'samples-late' && time > 4 * chunk_s);
    expect(late).toEqual([]);
  });
});

describe('a daemon that stands still for 60 s', () => {
  const pipeline = pipelineOf(`
sources:
  eeg: { type: websocket, stream_type: EEG, failover: true }
  gaze: { type: websocket, stream_type: Gaze }
transforms:
  eeg_raw: { type: extract, input: eeg, features: [differential-entropy], window_s: 1, hop_s: ${HOP_S} }
  gaze_raw: { type: extract, input: gaze, features: [gaze-statistics], window_s: 1, hop_s: ${HOP_S} }
`);
  const other = { ...eeg, id: 'other', name: 'other', sourceId: 'other' };
  const stalled = [10, 70] as const;
  /** Sockets are read one after the other: all of gaze, then the neighbour, then the headset. */
  const socket = (rank: number): Pick<Sent, 'held'> => ({ held: [10, 70 + rank / 1e4] });

  it('loses no window of what waited in its sockets, and gives its source to nobody else', async () => {
    const happenings = inOrder(
      opened(0, eeg, gaze, other),
      arrivals([
        { ...head, info: gaze, from: 0, to: 80, ...socket(1) },
        { ...head, info: other, from: 0.05, to: 80.05, ...socket(2) },
        { ...head, info: eeg, from: 0, to: 80, ...socket(3) },
      ]),
      closed(80.2, eeg, gaze, other),
    );
    const result = await run(pipeline, happenings, { stalled });
    for (const node of ['eeg_raw', 'gaze_raw']) {
      const own = rows(result, node);
      expect(own.map(({ time }) => time)).toEqual(own.map((_, k) => 1 + HOP_S * k));
      expect(own.filter(({ time, isThere }) => time > 1.5 && !isThere)).toEqual([]);
      expect(own.at(-1)?.time).toBe(80);
    }
    expect(result.events.flatMap(({ code, details }) => (code === 'daemon-behind' ? [details] : []))).toEqual(
      [{ age_s: expect.closeTo(60, 0) }],
    );
    const bound = result.log.flatMap((message) => (message.kind === 'bind' ? [message.stream] : []));
    expect(bound.sort()).toEqual(['eeg', 'gaze']);
    expect(eventsOf(result, 'stream-stale')).toEqual([]);
  });

  it('finds a sensor silent that sent nothing meanwhile', async () => {
    const happenings = inOrder(
      opened(0, eeg, gaze),
      arrivals([
        { ...head, info: gaze, from: 0, to: 10 },
        { ...head, info: eeg, from: 0, to: 80, ...socket(1) },
      ]),
      closed(80.2, eeg, gaze),
    );
    const result = await run(pipeline, happenings, { stalled });
    expect(eventsOf(result, 'stream-stale').map(([code, stream]) => [code, stream])).toEqual([
      ['stream-stale', 'gaze'],
    ]);
    expect(rows(result, 'eeg_raw').every(({ isThere }) => isThere)).toBe(true);
  });
});
