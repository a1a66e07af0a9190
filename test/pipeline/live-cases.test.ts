import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Seconds } from '../../src/core/clock.js';
import { temporaryFolder } from '../setup/temporary-folder.js';
import { type DeviceOptions, isPresent, LiveSession, type Rows, START_S } from './live-session.js';
import { Ranker } from './ranker.js';

/** Live cases of the field, from the doors to the features, and the same from the recording of each. */
const text = `
sources:
  eeg: { type: websocket, stream_type: EEG }
  gaze: { type: websocket, stream_type: Gaze, optional: true }
transforms:
  de: { type: extract, input: eeg, features: [differential-entropy], window_s: 2, hop_s: 0.5 }
  eye: { type: extract, input: gaze, features: [gaze-statistics], window_s: 2, hop_s: 0.5 }
`;
const folder = temporaryFolder();
let sessions = 0;
const EEG: DeviceOptions = { name: 'cap', type: 'EEG', sfreq: 128 };
const GAZE: DeviceOptions = { name: 'eyes', type: 'Gaze', sfreq: 60 };
const begin = (file = text): LiveSession => new LiveSession(file, join(folder, String(sessions++)));

/** Replay gives what was told live. */
async function replayed(session: LiveSession): Promise<void> {
  const recorded = await session.end();
  for (const node of ['de', 'eye']) expect(recorded.rows(node), node).toEqual(session.rows(node));
}

/** A device's messages: of `n` samples, sent when the last is measured; `stampOf` gives the stamp of each by its true time. */
interface Sent extends DeviceOptions {
  readonly true_hz?: number;
  readonly n?: number;
  readonly from_s?: Seconds;
  readonly stampOf?: (t: Seconds, k: number) => number;
}

/** One message, sent at a time, s. */
interface Timed {
  readonly at: Seconds;
  readonly send: () => void;
}

/** Runs devices side by side for `span_s`; messages go in order of time. */
async function run(
  session: LiveSession,
  span_s: Seconds,
  ...devices: readonly (Sent | Timed)[]
): Promise<void> {
  const messages = devices.flatMap((device): Timed[] => ('at' in device ? [device] : messagesOf(device)));
  for (const { at, send } of messages.sort((a, b) => a.at - b.at)) {
    session.clock.advance(Math.max(0, START_S + at - session.clock.now()));
    send();
    await new Promise((resolve) => setImmediate(resolve));
  }

  function messagesOf({ true_hz, n = 8, from_s = 0, stampOf = (t) => t, ...declared }: Sent): Timed[] {
    const rate_hz = true_hz ?? declared.sfreq;
    let device: ReturnType<LiveSession['device']> | null = null;
    return Array.from({ length: Math.floor(((span_s - from_s) * rate_hz) / n) }, (_, m) => ({
      at: from_s + ((m + 1) * n - 1) / rate_hz,
      send: () => {
        device ??= session.device(declared);
        const stamps = Array.from({ length: n }, (_, i) =>
          stampOf(from_s + (m * n + i) / rate_hz, m * n + i),
        );
        device.send(m === 0 ? stamps.slice(declared.first) : stamps);
      },
    }));
  }
}

/** What is told of a clock that steps and stays. */
const STEPPED = ['stamp-outlier', 'clock-reset'];

const times = (rows: Rows): (number | null)[] => rows.filter(isPresent).map(({ time }) => time);

describe('one sample is stamped nonsense', () => {
  const plain = begin();
  beforeAll(() => run(plain, 20, EEG, GAZE));

  it.each([30, -30, 200_000, 1e300])(
    'by %d s: it takes its predicted stamp, and no window changes',
    async (off_s) => {
      const session = begin();
      await run(session, 20, { ...EEG, stampOf: (t, k) => (k === 1000 ? t + off_s : t) }, GAZE);
      expect(session.codes().filter((code) => code === 'stamp-outlier')).toHaveLength(1);
      expect(session.codes()).not.toContain('clock-reset');
      expect(session.codes()).not.toContain('gap-found');
      expect(session.rows('de')).toEqual(plain.rows('de'));
      expect(session.rows('eye')).toEqual(plain.rows('eye'));
      await replayed(session);
    },
  );

  const FIRST = [30, -30, -3600, 200_000, 1e300, Number.NaN].flatMap((off_s) =>
    [1, 8, 32].map((n) => [off_s, n] as const),
  );

  it.each(FIRST)(
    'the very first one, by %d s in messages of %d: zero is what the next three agree on, and no window changes',
    async (off_s, n) => {
      const [session, right] = [begin(), begin()];
      await run(session, 12, { ...EEG, n, stampOf: (t, k) => (k === 0 ? t + off_s : t) }, GAZE);
      // What has the same zero lacks that sample, but where the gaze, in shorter messages, gives it.
      const first = n === 32 ? 0 : 1;
      await run(right, 12, { ...EEG, n, first }, GAZE);
      expect(session.codes().filter((code) => code === 'stamp-outlier')).toHaveLength(1);
      for (const code of ['clock-reset', 'stamps-ignored', 'gap-found', 'time-skipped'])
        expect(session.codes()).not.toContain(code);
      expect(session.stamps('eyes')).toEqual(right.stamps('eyes'));
      const stamps = session.stamps('cap');
      expect(stamps[0].isMissing).toBe(false);
      expect(stamps[0].time).toBeCloseTo(0, 5);
      expect(stamps.slice(first)).toEqual(right.stamps('cap'));
      for (const node of ['de', 'eye']) expect(session.rows(node), node).toEqual(right.rows(node));
      await replayed(session);
    },
  );
});

describe('stamps step back by 5 s and stay', () => {
  it.each([true, false])(
    'alone: %s: a reset, placed by arrival within 0.1 s, present once the window is full',
    async (isAlone) => {
      const session = begin();
      const stepped: Sent = { ...EEG, stampOf: (t) => (t > 10 ? t - 5 : t) };
      await run(session, 25, stepped, ...(isAlone ? [] : [GAZE]));
      expect(session.codes().filter((code) => code === 'clock-reset')).toHaveLength(1);
      const rows = session.rows('de');
      expect(rows.at(-1)!.time).toBeGreaterThan(24);
      expect(times(rows).filter((time) => time! > 16)).toHaveLength(
        rows.filter(({ time }) => time! > 16).length,
      );
      if (!isAlone) {
        const plain = begin();
        await run(plain, 25, EEG, GAZE);
        expect(session.rows('eye')).toEqual(plain.rows('eye'));
      }
      await replayed(session);
    },
  );
});

describe('the only stream there is, its clock stepping an hour', () => {
  it.each([3600, -3600])('%d s: the session goes on, and few of its windows are lost', async (step_s) => {
    const session = begin();
    await run(session, 60, { ...EEG, stampOf: (t) => (t > 20 ? t + step_s : t) });
    expect(session.codes().filter((code) => code === 'clock-reset')).toHaveLength(1);
    expect(session.codes()).not.toContain('time-skipped');
    const rows = session.rows('de');
    expect(rows.length).toBeGreaterThan(110);
    expect(rows.filter((row) => !isPresent(row)).length).toBeLessThanOrEqual(4 + 2);
    await replayed(session);
  });
});

describe('another clock', () => {
  const unix = 1_700_000_000;
  it.each([
    ['unix, 3 s ahead', (t: Seconds) => unix + 3 + t, []],
    ['unix, stepped by 2 s', (t: Seconds) => unix + t + (t > 15 ? 2 : 0), STEPPED],
    ['unix, stepped back by 2 s', (t: Seconds) => unix + t - (t > 15 ? 2 : 0), STEPPED],
    ['unix, stepped by an hour', (t: Seconds) => unix + t + (t > 15 ? 3600 : 0), STEPPED],
    ['unix, stepped back by an hour', (t: Seconds) => unix + t - (t > 15 ? 3600 : 0), STEPPED],
    ['milliseconds', (t: Seconds) => 1000 * t, ['stamps-ignored']],
  ])('%s: no other stream’s window changes, and it is placed by its arrivals', async (_, stampOf, codes) => {
    const [session, plain] = [begin(), begin()];
    await run(plain, 30, EEG, GAZE);
    const origin = { kind: 'unix', clock: 'unix of the tracker' };
    await run(session, 30, EEG, { ...GAZE, origin, stampOf });
    const told = session.events.filter(({ code }) => /^(stamp|clock|rate|backlog)/.test(code));
    expect(told.map(({ code }) => code)).toEqual(codes);
    for (const { stream } of told) expect(stream).toBe('eyes');
    // Windows may wait for the tracker; what is in them is the same, and none is missing.
    expect(session.rows('de')).toEqual(plain.rows('de'));
    expect(session.rows('eye').map(({ time }) => time)).toEqual(plain.rows('eye').map(({ time }) => time));
    const [stamps, right] = [session, plain].map((of) => of.stamps('eyes'));
    expect(stamps).toHaveLength(right.length);
    for (const [k, { time, isMissing }] of stamps.entries()) {
      expect(isMissing).toBe(false);
      expect(Math.abs(time - right[k].time), String(right[k].time)).toBeLessThan(0.15);
    }
    expect(isPresent(session.rows('eye').at(-1)!)).toBe(true);
    await replayed(session);
  });
});

describe('a rate that is another one', () => {
  it.each([
    [250, 125, 6],
    [125, 250, 6],
    [128, 124, 62],
    [128, 116, 62],
    [128, 114, 6],
    [0, 128, 6],
  ])(
    'declared %d Hz, sent %d: told within %d s, then features of the true rate',
    async (sfreq, true_hz, within_s) => {
      const session = begin();
      const span_s = within_s + 12;
      await run(session, span_s, { ...EEG, sfreq, true_hz, n: 4 });
      const told = session.events.filter(({ code }) => code === 'rate-differs');
      expect(told).toHaveLength(1);
      expect(told[0].time).toBeLessThanOrEqual(within_s);
      expect(told[0].details?.used_hz).toBeCloseTo(true_hz, 0);
      const late = session.rows('de').filter(({ time }) => time! > within_s + 5);
      expect(late.length).toBeGreaterThan(8);
      expect(late.every(isPresent)).toBe(true);
      const plain = begin();
      await run(plain, span_s, { ...EEG, sfreq: true_hz, true_hz, n: 4 });
      const right = new Map(plain.rows('de').map(({ time, values }) => [time, values]));
      const last = late.at(-2)!;
      for (const [i, value] of last.values.entries())
        expect(Math.abs(value! - right.get(last.time)![i]!)).toBeLessThan(0.05);
      await replayed(session);
    },
  );

  it('goes through `resample`, which takes any rate that is measured', async () => {
    const resampled = text.replace(
      'transforms:',
      'transforms:\n  at_128: { type: resample, input: eeg, sfreq_hz: 128 }',
    );
    const file = resampled.replace('extract, input: eeg', 'extract, input: at_128');
    const eeg = { ...EEG, true_hz: 503.3, n: 4, step_rad: 0.2 };
    const session = begin(file);
    await run(session, 18, { ...eeg, sfreq: 250 });
    const told = session.events.filter(({ code }) => code === 'rate-differs');
    expect(told.map(({ details }) => details?.used_hz)).toEqual([503.3]);
    const late = session.rows('de').filter(({ time }) => time! > 11);
    expect(late.length).toBeGreaterThan(8);
    expect(late.every(isPresent)).toBe(true);
    const plain = begin(file);
    await run(plain, 18, { ...eeg, sfreq: 503.3 });
    const right = new Map(plain.rows('de').map(({ time, values }) => [time, values]));
    const last = late.at(-2)!;
    // What the band of the rhythm holds; the others have but its leakage.
    const [one, other] = [last.values, right.get(last.time)!].map((values) => {
      const most = Math.max(...values.map((value) => value!));
      // Five bands a channel.
      return { most, band: values.indexOf(most) % 5 };
    });
    expect(one.band).toBe(other.band);
    expect(Math.abs(one.most - other.most)).toBeLessThan(0.01);
    await replayed(session);
  });
});

describe('stamps that say nothing', () => {
  it('all 0: by arrival, told, with features', async () => {
    const session = begin();
    await run(session, 20, { ...EEG, stampOf: () => 0 });
    expect(session.codes()).toContain('stamps-ignored');
    const rows = session.rows('de');
    expect(rows.at(-1)!.time).toBeGreaterThan(18);
    expect(rows.slice(6).every(isPresent)).toBe(true);
    await replayed(session);
  });
});

describe('gaze in chunks', () => {
  it.each([1, 1.5])('of %d s is present at every hop after the fourth chunk', async (chunk_s) => {
    const session = begin();
    await run(session, 30, EEG, { ...GAZE, n: 60 * chunk_s });
    const eye = session.rows('eye').filter(({ time }) => time! > 4 * chunk_s + 2);
    expect(eye.length).toBeGreaterThan(30);
    expect(eye.every(isPresent)).toBe(true);
    const stale = session.events.filter(({ code }) => code === 'stream-stale');
    for (const { time } of stale) expect(time).toBeLessThan(4 * chunk_s);
    await replayed(session);
  });
});

describe('a late joiner', () => {
  const JOINS_S = 40;
  const origin = { kind: 'device', clock: 'device of the tracker' };

  /** A tracker that kept `span_s` joins and gives them, and what it measures meanwhile, at `times` real time; or the former in one message. */
  async function joined(span_s: Seconds, times: number | 'one message', until_s: Seconds) {
    const [session, plain] = [begin(), begin()];
    const messages: Timed[] = [];
    let tracker: ReturnType<LiveSession['device']> | null = null;
    const message = (at: Seconds, from: number, to: number): void => {
      const stamps = Array.from({ length: to - from }, (_, i) => 100 + (from + i) / 60);
      messages.push({
        at,
        send: () => {
          tracker ??= session.device({ ...GAZE, origin });
          tracker.send(stamps);
        },
      });
    };
    const n = times === 'one message' ? 60 * span_s : 6;
    message(times === 'one message' ? JOINS_S - 1 / 60 : JOINS_S, 0, n);
    for (let k = n; k + 6 <= 60 * (until_s - JOINS_S + span_s); k += 6) {
      const measured_s = JOINS_S - span_s + (k + 5) / 60;
      const given_s = times === 'one message' ? 0 : JOINS_S + k / 60 / times;
      message(Math.max(measured_s, given_s), k, k + 6);
    }
    await run(session, until_s, EEG, ...messages);
    await run(plain, until_s, EEG, { ...GAZE, n: 6, from_s: JOINS_S - span_s });
    return { session, plain, span_s };
  }

  /** Stamps told, less the true ones; masked ones aside. */
  const errors = ({ session, span_s }: Awaited<ReturnType<typeof joined>>): number[] =>
    session
      .stamps('eyes')
      .flatMap(({ time, isMissing }, k) => (isMissing ? [] : [time - (JOINS_S - span_s + k / 60)]));

  it.each([
    ['one message', 41],
    [10, 46],
    [4, 53],
    [2, 73],
  ] as const)(
    'whose backlog of 30 s comes in %s (times real time) is placed by its arrival, within 0.1 s from the first sample on',
    async (times, present_s) => {
      const run = await joined(30, times, 80);
      const { session, plain } = run;
      for (const code of ['clock-reset', 'stamp-outlier', 'stamps-ignored', 'backlog-masked'])
        expect(session.codes()).not.toContain(code);
      expect(session.stamps('eyes')).toHaveLength(60 * 70);
      expect(session.stamps('eyes').some(({ isMissing }) => isMissing)).toBe(false);
      for (const error of errors(run)) expect(Math.abs(error)).toBeLessThan(0.1);
      // No window holds samples of another time, and each that closes once it is placed has it.
      expect(session.rows('de')).toEqual(plain.rows('de'));
      const right = new Map(plain.rows('eye').map(({ time, values }) => [time, values]));
      const eye = session.rows('eye');
      for (const row of eye.filter(isPresent))
        expect(row.values, String(row.time)).toEqual(right.get(row.time));
      const late = eye.filter(({ time }) => time! > present_s + 2);
      expect(late.length).toBeGreaterThan(8);
      expect(late.every(isPresent)).toBe(true);
      expect(eye.at(-1)!.time).toBeGreaterThan(79);
      await replayed(session);
    },
  );

  it('whose backlog takes longer than a minute is told, and masked until nothing is left of it', async () => {
    const run = await joined(40, 1.5, 135);
    const { session, plain } = run;
    expect(session.codes().filter((code) => code === 'backlog-masked')).toHaveLength(1);
    for (const error of errors(run)) expect(Math.abs(error)).toBeLessThan(0.1);
    const right = new Map(plain.rows('eye').map(({ time, values }) => [time, values]));
    const eye = session.rows('eye');
    // A window has what isn't masked of its 2 s.
    const masked_s = Math.max(...session.stamps('eyes').map(({ time, isMissing }) => (isMissing ? time : 0)));
    expect(eye.filter(({ time }) => time! <= masked_s).some(isPresent)).toBe(false);
    for (const { time, values } of eye.filter(({ time }) => time! > masked_s + 2))
      for (const [i, value] of values.entries())
        expect(Math.abs(value! - right.get(time)![i]!), String(time)).toBeLessThan(
          0.1 * Math.abs(value!) + 1e-9,
        );
    const late = eye.filter(({ time }) => time! > 124);
    expect(late.length).toBeGreaterThan(8);
    expect(late.every(isPresent)).toBe(true);
    await replayed(session);
  });
});

describe('markers', () => {
  it('minutes apart after their sender’s clock went back by five take their arrivals, none is lost, and what follows from them does', async () => {
    const marked = `${text}  rested: { type: rest-index, input: de, from_marker: rest, to_marker: go, span_s: 300, least_sd: { de: 0.1 } }
models:
  affect: { type: prnet, inputs: { eeg: de }, path: models/none }
`;
    const ranks = new Map([['affect', new Ranker('ranks@sha256:0', 1)]]);
    const session = new LiveSession(marked, join(folder, String(sessions++)), ranks);
    const cue = session.markers({ kind: 'device', clock: 'device of the cues' });
    const cues = [
      [4, 'one'],
      [5, 'anchor:two'],
      [124, 'rest'],
      [244, 'go'],
      [364, 'anchor:five'],
    ] as const;
    const sent = cues.map(([at, text]) => ({
      at,
      send: () => cue(1000 + at - (at > 100 ? 300 : 0), text),
    }));
    await run(session, 370, EEG, ...sent);
    const replayed = await session.end();
    // Session time is the headset's, whose stamps begin at 0 as its samples are measured.
    expect(session.told.map(([time, text]) => [Math.round(10 * time) / 10, text])).toEqual(cues);
    expect(session.codes()).toContain('stamp-outlier');
    const [rested, affect] = ['rested', 'affect'].map((node) => session.lines(node));
    const isIndexed = (line: (typeof rested)[number]): boolean =>
      line.stream === 'indices' && line.indices.some(({ value }) => value !== null);
    expect(rested.filter(isIndexed).map(({ time }) => time)).toEqual(
      rested.map(({ time }) => time).filter((time) => time! > 244),
    );
    const anchorsOf = (line: (typeof affect)[number]): string[] =>
      Object.keys((line.stream === 'affect' && line.ranking?.arousal) || {});
    // Each is the first window that ends after its marker.
    for (const [anchor, end] of [['two', 5.5], ['five', 364.5]] as const) // biome-ignore format: pairs
      expect(affect.find((line) => anchorsOf(line).includes(anchor))?.time).toBe(end);
    expect(replayed.markers).toEqual(session.told);
    for (const node of ['de', 'rested', 'affect'])
      expect(replayed.lines(node), node).toEqual(session.lines(node));
  });
});

describe('arrivals that are delayed by 5 s', () => {
  it('close nothing over samples that wait, and what was closed before they came is told', async () => {
    const session = begin();
    // From 10 s on the network takes 5 s longer.
    await run(session, 10, EEG, GAZE);
    const [cap, eyes] = [EEG, GAZE].map((declared) => session.lastDevice(declared.name));
    for (let m = 0; m < 120; m++) {
      const t = 10 + m / 4;
      session.clock.advance(START_S + t + 5 + 0.25 - session.clock.now());
      cap.send(Array.from({ length: 32 }, (_, i) => t + i / 128));
      eyes.send(Array.from({ length: 15 }, (_, i) => t + i / 60));
      await new Promise((resolve) => setImmediate(resolve));
    }
    const rows = session.rows('de');
    const lost = rows.filter((row) => row.time! > 10 && !isPresent(row));
    expect(Math.max(...lost.map(({ time }) => time!))).toBeLessThan(15.5);
    expect(rows.filter(({ time }) => time! > 17.5).every(isPresent)).toBe(true);
    expect(
      session
        .rows('eye')
        .filter(({ time }) => time! > 17.5)
        .every(isPresent),
    ).toBe(true);
    expect(rows.at(-1)!.time).toBeGreaterThan(39);
    const codes = session.codes();
    for (const code of ['stream-stale', 'stream-returned', 'samples-late'] as const)
      expect(codes).toContain(code);
    for (const code of ['clock-reset', 'stamp-outlier', 'time-skipped'] as const)
      expect(codes).not.toContain(code);
    await replayed(session);
  });
});
