import {
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { type Seconds, VirtualClock } from '../../src/core/clock.js';
import type { SessionEvent } from '../../src/core/event.js';
import { type Daemon, startDaemon } from '../../src/daemon/daemon.js';
import { connectStream, type FeaturesMessage, IngestConnection } from '../../src/io/client/index.js';
import type { StreamDeclaration, SubscribeParams } from '../../src/io/protocol/control.js';
import { openRecording } from '../../src/io/recordings/open.js';
import type { OutputMessage } from '../../src/io/sinks/sink.js';
import { passTill, passUntil } from '../cli/lock-step.js';
import { pipelineOf } from '../pipeline/live-and-replay.js';
import { cleanUpAfterEach } from '../setup/clean-up-after-each.js';
import { temporaryFolder } from '../setup/temporary-folder.js';
import { DyingDisk } from './killed-daemon.js';
import { replayedRecording } from './replayed-recording.js';

const FRAME_S: Seconds = 0.1;
const END_S: Seconds = 20;
/** How long nobody is there after a kill. */
const DOWN_S: Seconds = 1.5;

const folder = temporaryFolder();
const { cleanups } = cleanUpAfterEach();

const loaded = {
  pipeline: pipelineOf(`
sources:
  eeg: { type: websocket, stream_type: EEG }
  eda: { type: websocket, stream_type: EDA }
transforms:
  band: { type: bandpass, input: eeg, low_hz: 1, high_hz: 40 }
  de: { type: extract, input: band, features: [differential-entropy], window_s: 2, hop_s: 0.5 }
  sc: { type: extract, input: eda, features: [skin-conductance], window_s: 4, hop_s: 0.5 }
  rest: { type: subtract-baseline, input: sc, span_s: 6 }
`),
  runners: new Map(),
};

const devices = [
  { name: 'cap', type: 'EEG', sfreq: 100, channels: ['Cz', 'Pz'], unit: 'uV', clock: 'session' },
  { name: 'band', type: 'EDA', sfreq: 10, channels: ['EDA'], unit: 'uS', clock: 'session' },
] satisfies StreamDeclaration[];

interface RunOptions {
  /** How far the second device's clock is ahead, s. Default: it is the first one's. */
  readonly ahead_s?: Seconds;
  /** What becomes of the recordings before the daemon is started again. */
  readonly damage?: (folder: string) => void;
  /** How long devices send, s. */
  readonly end_s?: Seconds;
  /** Devices that are gone, as the daemon is. */
  readonly gone?: boolean;
  /** What somebody heard last of each node who asks for the rest after the last kill. */
  readonly lastHeard?: Readonly<Record<string, number>>;
}

/** Two devices, by clients of their own, send for 20 s; the daemon is killed at each of `kills` and started again. */
async function run(name: string, kills: readonly Seconds[], options: RunOptions = {}) {
  const { ahead_s, damage, gone = false, end_s = END_S, lastHeard } = options;
  const clock = new VirtualClock(5000, 1.7e9);
  const record = join(folder, name);
  const events: SessionEvent[] = [];
  const times: Seconds[] = [];
  const rows: OutputMessage[] = [];
  let disk = new DyingDisk();
  const start = async (port: number): Promise<Daemon> => {
    disk = new DyingDisk();
    const settings = { host: '127.0.0.1', port, engine: 'auto', logLevel: 'silent', record } as const;
    const own = disk;
    // Its disk takes the machine's time, and none of the clock's.
    const daemon = await startDaemon(
      { stdout: new PassThrough(), clock, disk: own },
      loaded,
      settings,
      (event) => {
        if (own.isDead) return;
        events.push(event);
        times.push(clock.now());
      },
    );
    daemon.runtime.outputs$.subscribe((output) => {
      if (!own.isDead && output.stream === 'features' && output.time <= end_s - 1) rows.push(output);
    });
    return daemon;
  };
  let daemon = await start(0);
  const { port, url } = daemon.server;
  cleanups.push(() => daemon.close());
  const streams = devices.map((stream, i) => {
    const connection = new IngestConnection(url, { WebSocket, timers: clock, client: stream.name });
    cleanups.push(() => connection.abandon());
    const clocked = ahead_s !== undefined && i > 0 ? { ...stream, clock: 'device' as const } : stream;
    return { connection, stream: connection.open(clocked) };
  });
  await passTill(clock, () => streams.every(({ stream }) => stream.id !== null));
  const heard: FeaturesMessage[] = [];
  const subscriber = connectStream(url, { WebSocket, timers: clock });
  cleanups.push(() => subscriber.close());
  subscriber.on('features', (line) => {
    if (line.time <= end_s - 1) heard.push(line);
  });
  const late: FeaturesMessage[] = [];
  let isSubscribed = false;
  subscriber.subscribe({ streams: ['features'], session: 'default', policy: 'buffer' }).then(() => {
    isSubscribed = true;
  });
  await passTill(clock, () => isSubscribed);
  const begin = clock.now();
  const push = (at: Seconds): void => {
    for (const [i, { sfreq, channels }] of devices.entries()) {
      const n = Math.round(FRAME_S * sfreq);
      const data = Array.from({ length: n }, (_, k) => {
        const t = at + k / sfreq;
        return channels.map((_, c) => (1 + c) * (20 * Math.sin(60 * t) + 9 * Math.sin(t * t) + 30 + t));
      });
      streams[i].stream.push(data, at + (i > 0 ? (ahead_s ?? 0) : 0));
    }
  };
  const left = [...kills];
  for (let frame = 0; frame < end_s / FRAME_S; frame++) {
    const at = frame * FRAME_S;
    push(at);
    await passUntil(clock, begin + at + FRAME_S);
    // What the disk does takes the machine's time.
    await new Promise((resolve) => setTimeout(resolve, 3));
    if (left.length > 0 && at >= left[0]) {
      left.shift();
      disk.isDead = true;
      await daemon.server.close();
      await passUntil(clock, clock.now() + DOWN_S);
      damage?.(record);
      if (gone) for (const { connection } of streams) connection.abandon();
      const dead = daemon;
      daemon = await start(port);
      cleanups.push(() => dead.runtime.close());
      if (lastHeard && left.length === 0) {
        const other = connectStream(url, { WebSocket, timers: clock });
        cleanups.push(() => other.close());
        other.on('features', (line) => {
          if (line.time <= end_s - 1) late.push(line);
        });
        const after = { ...lastHeard, run: heard.at(-1)!.run } as NonNullable<SubscribeParams['after']>;
        other.subscribe({
          streams: ['features'],
          session: 'default',
          policy: 'buffer',
          after,
        });
      }
      if (gone) {
        await passTill(clock, () => events.some(({ code }) => code === 'recording-closed'));
        return { rows, events, times, record, heard, late };
      }
    }
  }
  let isDrained = false;
  Promise.all(streams.map(({ stream }) => stream.drain())).then(() => {
    isDrained = true;
  });
  await passTill(clock, () => isDrained);
  await passUntil(clock, clock.now() + 3);
  let isClosed = false;
  Promise.all(streams.map(({ connection }) => connection.close())).then(() => {
    isClosed = true;
  });
  await passTill(clock, () => isClosed && events.some(({ code }) => code === 'recording-closed'));
  await daemon.close();
  return { rows, events, times, record, heard, late };
}

/** Lines as told, once each: one whose samples weren't on the disk yet is told again, the same. */
const told = (rows: readonly (OutputMessage | FeaturesMessage)[]) => [
  ...new Set(
    rows.map((row) => JSON.stringify(row.stream === 'features' && [row.node, row.seq, row.time, row.values])),
  ),
];

it('goes on after a kill with what it was told, and gives what a daemon gives that wasn’t killed', async () => {
  const well = await run('well', []);
  const killed = await run('killed', [5, 11]);
  expect(well.rows.length).toBeGreaterThan(60);
  expect(told(killed.rows)).toEqual(told(well.rows));
  const codes = killed.events.map(({ code }) => code);
  expect(codes.filter((code) => code === 'session-resumed')).toHaveLength(2);
  expect(codes).not.toContain('samples-lost');
  expect(codes).not.toContain('gap-found');
  const replayed = (await replayedRecording(killed.record, loaded)).filter(
    (row) => row.stream === 'features' && row.time <= END_S - 1,
  );
  expect(told(replayed)).toEqual(told(killed.rows));
  // Who was subscribed hears each line, and again only those that the daemon before told before they were sure.
  expect(new Set(told(killed.heard))).toEqual(new Set(told(well.rows)));
  const runs = [...new Set(killed.heard.map(({ run }) => run))];
  // One that was killed at once may not have been heard.
  expect(runs.length).toBeGreaterThan(1);
  expect(runs.length).toBeLessThan(4);
  const again = killed.heard.length - new Set(told(killed.heard)).size;
  expect(again).toBeLessThan(16);
  for (const run of runs)
    for (const node of ['de', 'sc']) {
      const seqs = killed.heard
        .filter((line) => line.run === run && line.node === node)
        .map(({ seq }) => seq);
      expect(seqs).toEqual(seqs.map((_, i) => seqs[0] + i));
    }
});

/** All samples of a stream that a folder holds, with their stamps from the session's zero, and how many gaps are between them. */
async function samplesOf(record: string, name: string) {
  const [file] = readdirSync(record).filter((one) => one.endsWith('.xdf'));
  const recording = await openRecording(join(record, file));
  const values: number[] = [];
  const times: number[] = [];
  let gaps = 0;
  for await (const message of recording.messages({ chunk: null, clockSync: true, events: () => {} }))
    if (message.kind === 'chunk' && message.chunk.info.name === name) {
      const { data, times: stamps, gapBefore } = message.chunk;
      values.push(...data.subarray(0, stamps.length));
      times.push(...stamps);
      gaps += Number(gapBefore);
    }
  await recording.close();
  return { values, times, gaps };
}

it('places a device on a clock of its own where it was', async () => {
  const { record, events } = await run('clock', [5, 11], { ahead_s: 777 });
  const { values, times, gaps } = await samplesOf(record, 'band');
  expect(values).toHaveLength(END_S * 10);
  expect(gaps).toBe(0);
  for (const [i, time] of times.entries()) expect(Math.abs(time - i / 10)).toBeLessThan(0.15);
  const steps = times.slice(1).map((time, i) => time - times[i]);
  expect(Math.max(...steps)).toBeLessThan(0.15);
  expect(events.map(({ code }) => code)).not.toContain('clock-reset');
});

it('tells what neither the recording nor its senders hold, and goes on behind it', async () => {
  const damage = (record: string): void => {
    for (const file of readdirSync(record)) {
      const path = join(record, file);
      truncateSync(path, Math.floor(statSync(path).size * 0.6));
    }
  };
  const { record, events, rows } = await run('torn', [8], { damage });
  const lost = events.filter(({ code }) => code === 'samples-lost');
  expect(lost.map(({ stream }) => stream).sort()).toEqual(['band', 'cap']);
  const { values, times, gaps } = await samplesOf(record, 'cap');
  expect(gaps).toBe(1);
  expect(values.length).toBeGreaterThan(1500);
  expect(values.length).toBeLessThan(1900);
  expect(new Set(times).size).toBe(times.length);
  expect(rows.at(-1)).toMatchObject({ stream: 'features', time: END_S - 1 });
  expect(
    told(await replayedRecording(record, loaded)).filter((row) => told(rows).includes(row)).length,
  ).toBeGreaterThan(30);
});

it.each([
  ['once', [24]],
  ['twice', [14, 18]],
  ['again and again', [14, 18, 33]],
])(
  'tells who heard nothing for long what the daemons before told, when one was killed %s',
  async (name, kills) => {
    const end_s = 36;
    const lastHeard = { de: 3, sc: 1 };
    const { rows, late } = await run(name.replaceAll(' ', '-'), kills, { end_s, lastHeard });
    for (const [node, last] of Object.entries(lastHeard)) {
      const seqs = late.filter((line) => line.node === node).map(({ seq }) => seq);
      expect(seqs).toEqual(seqs.map((_, i) => last + 1 + i));
      expect(last + seqs.length).toBeGreaterThan(50);
    }
    const well = new Set(told(rows));
    expect(told(late).filter((line) => !well.has(line))).toEqual([]);
  },
);

it('ends a session whose devices don’t come back', async () => {
  const { events, times } = await run('gone', [5], { gone: true });
  const codes = events.map(({ code }) => code);
  expect(codes).toContain('session-resumed');
  expect(codes.filter((code) => code === 'session-closed')).toHaveLength(1);
  const at = (code: SessionEvent['code']): Seconds => times[codes.indexOf(code)];
  // Streams are kept for 30 s, and their sources for as long behind that.
  expect(at('session-closed') - at('session-resumed')).toBeCloseTo(60, 0);
});

it('begins anew where a session had ended', async () => {
  await run('ended', []);
  const { events } = await run('ended', []);
  expect(events.map(({ code }) => code)).not.toContain('session-resumed');
});

it('leaves no state of a session behind with which nobody went on in time', async () => {
  const damage = (record: string): void => {
    const files = readdirSync(record);
    expect(files.filter((file) => !file.endsWith('.xdf')).length).toBeGreaterThan(1);
    for (const file of files) utimesSync(join(record, file), 1.6e9, 1.6e9);
  };
  const { events, record } = await run('late', [14], { damage });
  expect(events.map(({ code }) => code)).not.toContain('session-resumed');
  const files = readdirSync(record);
  expect(files.filter((file) => file.endsWith('.xdf'))).toHaveLength(2);
  expect(files.filter((file) => !file.endsWith('.xdf'))).toEqual([]);
});

describe('a session’s state', () => {
  const end_s = 28;
  let well: Promise<string[]> | undefined;
  const tear = (path: string): void => truncateSync(path, statSync(path).size >> 1);
  const spoil = (path: string): void => {
    const bytes = readFileSync(path);
    bytes[bytes.length - 9] ^= 1;
    writeFileSync(path, bytes);
  };

  it.each([
    ['that is whole', [], [0, 6]],
    ['that is torn: the one before', [tear], [9, 16]],
    ['that is spoiled: the one before', [spoil], [9, 16]],
    ['that is missing: the one before', [unlinkSync], [9, 16]],
    ['of which both are torn: the recording alone', [tear, spoil], [22, 26]],
    ['of which there is none: the recording alone', [unlinkSync, unlinkSync], [22, 26]],
  ] as const)('%s', async (name, faults, [least_s, most_s]) => {
    well ??= run('steady', [], { end_s }).then(({ rows }) => told(rows));
    const damage = (record: string): void => {
      const states = readdirSync(record).filter((file) => file.includes('.state'));
      expect(states.filter((file) => !file.endsWith('.next')).sort()).toEqual([
        expect.stringMatching(/\.state$/),
        expect.stringMatching(/\.state\.before$/),
      ]);
      for (const [i, fault] of faults.entries()) fault(join(record, states.sort()[i]));
    };
    const { rows, events, record } = await run(name.replace(/\W+/g, '-'), [24], { end_s, damage });
    const resumed = events.find(({ code }) => code === 'session-resumed');
    const replayed_s = Number(resumed?.details?.replayed_s);
    expect(replayed_s).toBeGreaterThan(least_s);
    expect(replayed_s).toBeLessThan(most_s);
    expect(told(rows)).toEqual(await well);
    expect(events.map(({ code }) => code)).not.toContain('session-not-resumed');
    // They go with the session.
    expect(readdirSync(record).filter((file) => !file.endsWith('.xdf'))).toEqual([]);
  });
});
