import { readdirSync, readFileSync, statSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { type Seconds, VirtualClock } from '../../src/core/clock.js';
import type { SessionEvent } from '../../src/core/event.js';
import { type Daemon, startDaemon } from '../../src/daemon/daemon.js';
import { IngestConnection, type Refusal } from '../../src/io/client/index.js';
import type { CallName, CallResult } from '../../src/io/protocol/calls.js';
import { openRecording } from '../../src/io/recordings/open.js';
import type { OutputMessage } from '../../src/io/sinks/sink.js';
import type { Disk } from '../../src/recorder/disk/disk.js';
import { passTill, passUntil } from '../cli/lock-step.js';
import { pipelineOf } from '../pipeline/live-and-replay.js';
import { FaultyDisk } from '../recorder/faulty-disk.js';
import { cleanUpAfterEach } from '../setup/clean-up-after-each.js';
import { temporaryFolder } from '../setup/temporary-folder.js';
import { DyingDisk } from './killed-daemon.js';
import { replayedRecording } from './replayed-recording.js';

const RATE_HZ = 100;
const FRAME = 10;

const folder = temporaryFolder();
const { cleanups } = cleanUpAfterEach();

const loaded = {
  pipeline: pipelineOf(`
sources:
  eeg: { type: websocket, stream_type: EEG }
transforms:
  de: { type: extract, input: eeg, features: [differential-entropy], window_s: 1, hop_s: 0.1 }
`),
  runners: new Map(),
};

interface Settings {
  readonly record?: string;
  readonly recordOnRequest?: boolean;
}

async function start<D extends Disk>(sessions: readonly string[], disk: D, settings: Settings) {
  const clock = new VirtualClock(5000, 1_700_000_000);
  const disks = [disk];
  const events: SessionEvent[] = [];
  const rows: OutputMessage[] = [];
  const begin = async (port: number): Promise<Daemon> => {
    const options = { host: '127.0.0.1', port, engine: 'auto', logLevel: 'silent', ...settings } as const;
    const own = disks.at(-1)!;
    const daemon = await startDaemon(
      { stdout: new PassThrough(), clock, disk: own },
      loaded,
      options,
      (event) => void (own === disks.at(-1) && events.push(event)),
    );
    daemon.runtime.outputs$.subscribe((output) => {
      if (output.stream === 'features' && own === disks.at(-1)) rows.push(output);
    });
    return daemon;
  };
  let daemon = await begin(0);
  const { port, url } = daemon.server;
  cleanups.push(() => daemon.close());
  const declared = { name: 'cap', type: 'EEG', sfreq: RATE_HZ, channels: ['Cz'], unit: 'uV' };
  const senders = sessions.map((session) => {
    const connection = new IngestConnection(url, {
      ...{ WebSocket, timers: clock, session, client: session },
    });
    cleanups.push(() => connection.abandon());
    const stream = connection.open({ ...declared, clock: 'session' });
    const acks: number[] = [];
    const refusals: Refusal[] = [];
    stream.on('ack', (index) => acks.push(index));
    stream.on('nack', (refusal) => refusals.push(refusal));
    return { connection, stream, acks, refusals };
  });
  await passTill(clock, () => senders.every(({ stream }) => stream.id !== null));
  const from = clock.now();
  let frame = 0;
  const send = async (until_s: Seconds): Promise<void> => {
    for (; frame < (until_s * RATE_HZ) / FRAME; frame++) {
      const at = (frame * FRAME) / RATE_HZ;
      for (const { stream } of senders)
        stream.push(
          Array.from({ length: FRAME }, (_, i) => [frame * FRAME + i]),
          at,
        );
      await passUntil(clock, from + at + FRAME / RATE_HZ);
      await new Promise((resolve) => setTimeout(resolve, 3));
    }
  };
  const ask = async <N extends CallName>(path: string, body?: unknown): Promise<CallResult<N>> => {
    const asked = fetch(new URL(path, url), {
      ...(body !== undefined && {
        ...{ method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) },
      }),
    }).then((answer) => answer.json() as Promise<CallResult<N>>);
    let answer: CallResult<N> | null = null;
    asked.then((given) => {
      answer = given;
    });
    await passTill(clock, () => answer !== null);
    return asked;
  };
  const record = (session: string, action: string) =>
    ask<'record'>(`/v1/sessions/${session}/record`, { action });
  /** Another daemon takes the place of one that was killed. */
  const goOn = async (next: D): Promise<void> => {
    const dead = daemon;
    cleanups.push(() => dead.runtime.close());
    await dead.server.close();
    disks.push(next);
    daemon = await begin(port);
  };
  const drain = async (): Promise<void> => {
    let isDrained = false;
    Promise.all(senders.map(({ stream }) => stream.drain())).then(() => {
      isDrained = true;
    });
    await passTill(clock, () => isDrained);
  };
  const stop = async (): Promise<void> => {
    await drain();
    await daemon.close();
  };
  return { url, events, rows, senders, send, ask, record, goOn, drain, stop };
}

async function samplesIn(record: string, file: string): Promise<number[]> {
  const recording = await openRecording(join(record, file));
  const values: number[] = [];
  for await (const message of recording.messages({ chunk: null, clockSync: true, events: () => {} }))
    if (message.kind === 'chunk' && message.chunk.info.type === 'EEG') values.push(...message.chunk.data);
  await recording.close();
  return values;
}

const filesIn = (record: string): string[] =>
  readdirSync(record)
    .filter((name) => name.endsWith('.xdf'))
    .sort();

const range = (from_s: Seconds, to_s: Seconds): number[] =>
  Array.from({ length: Math.round((to_s - from_s) * RATE_HZ) }, (_, i) => Math.round(from_s * RATE_HZ) + i);

const textOf = (row: OutputMessage): string =>
  JSON.stringify(row.stream === 'features' && [row.node, row.time, row.values]);

it('holds what came from `start` to `stop`, each time in a file of its own, and windows that lie in it replay as they were told', async () => {
  const record = join(folder, 'asked');
  const {
    send,
    drain,
    ask,
    record: asked,
    rows,
    senders,
    stop,
    url,
  } = await start(['default'], new FaultyDisk(), { record, recordOnRequest: true });
  const statusOf = async () => (await ask<'sessions'>('/v1/sessions')).sessions[0].recording;
  await send(3);
  expect(await statusOf()).toBeNull();
  expect(await asked('default', 'stop')).toMatchObject({ code: 'not-recorded' });
  expect(await asked('nobody', 'start')).toMatchObject({ code: 'unknown-session' });
  const elsewhere = await fetch(new URL('/v1/sessions/default/record', url), {
    ...{ method: 'POST', body: '{"action":"start"}' },
    headers: { 'Content-Type': 'application/json', Origin: 'http://elsewhere.example' },
  });
  expect(elsewhere.status).toBe(403);
  expect(await statusOf()).toBeNull();
  expect(await asked('default', 'pause')).toMatchObject({ code: 'invalid-params' });
  await drain();
  expect(filesIn(record)).toEqual([]);
  const begun = await asked('default', 'start');
  expect(begun).toMatchObject({ recording: { file: null, bytes: 0, failure: null }, stopped: null });
  expect(await asked('default', 'start')).toMatchObject({ code: 'already-recorded' });
  await send(8);
  await drain();
  const status = await statusOf();
  expect(status).toMatchObject({ file: filesIn(record)[0], since_unix: begun.recording!.since_unix });
  // Time goes by while it is asked, and lines of that are written.
  expect(status!.bytes).toBeGreaterThan(5000);
  expect(status!.bytes).toBeLessThanOrEqual(statSync(join(record, filesIn(record)[0])).size);
  expect(status!.disk_free_bytes).toBeGreaterThan(0);
  const shelf = async () => (await ask<'recordings'>('/v1/recordings')).recordings;
  const shown = { session: 'default', file: status!.file, parts: 1 };
  expect(await shelf()).toMatchObject([{ ...shown, is_recorded: true, duration_s: null }]);
  const stopped = await asked('default', 'stop');
  const size = statSync(join(record, filesIn(record)[0])).size;
  expect(stopped).toEqual({
    ...{ session: 'default', recording: null },
    stopped: { file: filesIn(record)[0], bytes: size },
  });
  expect(await asked('default', 'stop')).toMatchObject({ code: 'not-recorded' });
  const [{ begun_unix, duration_s, ...rest }] = await shelf();
  expect(rest).toEqual({ ...shown, files: [shown.file], bytes: size, is_recorded: false });
  const sent = await fetch(new URL(`/v1/recordings/${shown.file}`, url));
  expect(Buffer.from(await sent.arrayBuffer())).toEqual(readFileSync(join(record, shown.file!)));
  expect(begun_unix).toBeGreaterThanOrEqual(begun.recording!.since_unix);
  expect(duration_s).toBeGreaterThan(4.9);
  const replayed = (await replayedRecording(record, loaded)).filter(({ stream }) => stream === 'features');
  // At once, and again: seconds of names don't suffice.
  for (let k = 0; k < 2; k++) {
    expect(await asked('default', 'start')).toMatchObject({ recording: { file: null } });
    await send(8.5 + k / 2);
    await drain();
    expect(await asked('default', 'stop')).toMatchObject({ recording: null });
  }
  const [{ acks }] = senders;
  await send(11);
  await drain();
  // Taken, and in no file.
  expect(acks.at(-1)).toBe((11 * RATE_HZ) / FRAME - 1);
  await stop();
  const files = filesIn(record);
  expect(files).toHaveLength(3);
  const kept = await Promise.all(files.map((file) => samplesIn(record, file)));
  expect(kept).toEqual([range(3, 8), range(8, 8.5), range(8.5, 9)]);
  // On the session's own time; what began before the recording isn't known to it.
  const inside = (row: OutputMessage): boolean => row.time! > 4 - 1e-6 && row.time! < 8 - 1e-6;
  expect(replayed.filter(inside).map(textOf)).toEqual(rows.filter(inside).map(textOf));
  expect(replayed.filter(inside).length).toBeGreaterThan(35);
  expect(Math.min(...replayed.map(({ time }) => time!))).toBeGreaterThan(3);
  // Nothing of a state stays.
  expect(readdirSync(record)).toEqual(files);
});

it('records one of two sessions, and by default each from its first sample, until it is stopped', async () => {
  for (const recordOnRequest of [true, false]) {
    const record = join(folder, `two-${recordOnRequest}`);
    const {
      send,
      drain,
      record: asked,
      stop,
      events,
    } = await start(['one', 'two'], new FaultyDisk(), {
      ...{ record, recordOnRequest },
    });
    await send(1);
    await drain();
    await asked('one', recordOnRequest ? 'start' : 'stop');
    await send(2);
    await drain();
    if (!recordOnRequest) await asked('one', 'start');
    await send(3);
    await stop();
    const kept = new Map<string, number[][]>([
      ['one', []],
      ['two', []],
    ]);
    for (const file of filesIn(record)) kept.get(file.split('_')[0])!.push(await samplesIn(record, file));
    expect([...kept.values()]).toEqual(
      recordOnRequest ? [[range(1, 3)], []] : [[range(0, 1), range(2, 3)], [range(0, 3)]],
    );
    expect(events.map(({ code }) => code)).not.toContain('samples-lost');
  }
});

it('says how a daemon gets a folder to record to that has none', async () => {
  const { send, ask, record, stop } = await start(['default'], new FaultyDisk(), {});
  await send(0.5);
  expect(await ask('/v1/recordings')).toMatchObject({ code: 'no-record-folder' });
  for (const action of ['start', 'stop'])
    expect(await record('default', action)).toMatchObject({
      ...{ code: 'no-record-folder', message: expect.stringContaining('--record FOLDER') },
    });
  await stop();
  await expect(start(['default'], new FaultyDisk(), { recordOnRequest: true })).rejects.toThrow(
    '--record FOLDER',
  );
});

it('refuses frames while the disk is full, and holds them: what is stopped later is whole', async () => {
  const record = join(folder, 'full');
  const disk = new FaultyDisk();
  const {
    send,
    ask,
    record: asked,
    senders,
    stop,
  } = await start(['default'], disk, {
    ...{ record, recordOnRequest: true },
  });
  const [{ refusals, acks }] = senders;
  await send(2);
  // Nobody keeps anything, and so no disk is in the way.
  disk.fault = { on: 'write', code: 'ENOSPC' };
  await send(3);
  expect(refusals).toEqual([]);
  await asked('default', 'start');
  const before = acks.at(-1)!;
  await send(5);
  expect(refusals.length).toBeGreaterThan(5);
  expect(new Set(refusals.map(({ code, held }) => `${code} ${held}`))).toEqual(new Set(['disk-full true']));
  expect(acks.at(-1)).toBeLessThan(before + 3);
  expect((await ask<'sessions'>('/v1/sessions')).sessions[0].recording).toMatchObject({
    failure: 'disk-full',
  });
  disk.fault = null;
  await send(16);
  await stop();
  const [file] = filesIn(record);
  expect(await samplesIn(record, file)).toEqual(range(3, 16));
  expect(disk.open).toBe(0);
});

it.each([
  ['right behind its start', 3.4, true],
  ['when a state was kept', 6, false],
])('goes on with a recording that was started when its daemon is killed, %s', async (_, at, isFresh) => {
  const record = join(folder, `killed-${at}`);
  const disk = new DyingDisk();
  const {
    send,
    record: asked,
    rows,
    goOn,
    stop,
    events,
    senders,
  } = await start(['default'], disk, {
    ...{ record, recordOnRequest: true },
  });
  await send(3);
  await asked('default', 'start');
  await send(at);
  disk.isDead = true;
  if (isFresh)
    for (const name of readdirSync(record)) if (name.includes('.state')) unlinkSync(join(record, name));
  await goOn(new DyingDisk());
  await send(9);
  const { stopped } = await asked('default', 'stop');
  expect(filesIn(record)).toContain(stopped!.file);
  await send(10);
  await stop();
  expect(senders[0].acks.at(-1)).toBe((10 * RATE_HZ) / FRAME - 1);
  const [file] = filesIn(record);
  const kept = await samplesIn(record, file);
  // What was acknowledged before `stop`, and what came while it was asked.
  expect(kept.slice(0, 600)).toEqual(range(3, 9));
  expect(events.map(({ code }) => code)).toContain('session-resumed');
  const seqs = rows.flatMap((row) => (row.stream === 'features' ? [row.seq] : []));
  const again = seqs.filter((seq, i) => i > 0 && seq <= seqs[i - 1]);
  // Nobody knows the numbers of what went before a recording that has no state.
  if (isFresh) expect(again).toHaveLength(1);
  else expect(again.every((seq) => seq > 20)).toBe(true);
});
