import { PassThrough } from 'node:stream';
import { expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { type Seconds, VirtualClock } from '../../src/core/clock.js';
import { type Daemon, startDaemon } from '../../src/daemon/daemon.js';
import { IngestConnection } from '../../src/io/client/index.js';
import type { CallName, CallResult } from '../../src/io/protocol/calls.js';
import type { OutputMessage } from '../../src/io/sinks/sink.js';
import { passTill, passUntil } from '../cli/lock-step.js';
import { pipelineOf } from '../pipeline/live-and-replay.js';
import { cleanUpAfterEach } from '../setup/clean-up-after-each.js';
import { temporaryFolder } from '../setup/temporary-folder.js';
import { DyingDisk } from './killed-daemon.js';
import { replayedRecording } from './replayed-recording.js';

const FRAME_S: Seconds = 0.1;
const { cleanups } = cleanUpAfterEach();

const plain = `
sources:
  eda: { type: websocket, stream_type: EDA }
transforms:
  sc: { type: extract, input: eda, features: [skin-conductance], window_s: 2, hop_s: 0.5 }
`;
const withRest = `${plain}  rest: { type: rest-index, input: sc, span_s: 5, least_sd: { '': 0.01 } }\n`;
const loadedOf = (text: string) => ({ pipeline: pipelineOf(text), runners: new Map() });

const lines = (outputs: readonly OutputMessage[], session: string) => [
  ...new Set(
    outputs.flatMap((output) =>
      output.stream === 'indices' && output.session === session
        ? [JSON.stringify([output.seq, output.time, output.indices])]
        : [],
    ),
  ),
];
const givenAt = (outputs: readonly OutputMessage[], session: string, from: Seconds): Seconds[] =>
  lines(outputs, session)
    .map((line) => JSON.parse(line) as [number, Seconds, { value: number | null }[]])
    .filter(([, time, indices]) => time >= from && indices.some(({ value }) => value !== null))
    .map(([, time]) => time);

/** A daemon that records, and one of the same folder once it was killed; `sessions` send skin conductance all the while. */
async function lab(sessions: readonly string[], text = withRest) {
  const clock = new VirtualClock(5000, 1.7e9);
  const outputs: OutputMessage[] = [];
  let disk = new DyingDisk();
  const record = temporaryFolder();
  const start = async (port: number): Promise<Daemon> => {
    disk = new DyingDisk();
    const own = disk;
    const settings = { host: '127.0.0.1', port, engine: 'auto', logLevel: 'silent', record } as const;
    const daemon = await startDaemon(
      { stdout: new PassThrough(), clock, disk: own },
      loadedOf(text),
      settings,
      () => {},
    );
    daemon.runtime.outputs$.subscribe((output) => {
      if (!own.isDead) outputs.push(output);
    });
    return daemon;
  };
  let daemon = await start(0);
  const { url, port } = daemon.server;
  cleanups.push(() => daemon.close());
  const declared = { name: 'band', type: 'EDA', sfreq: 10, channels: ['EDA'], unit: 'uS' };
  const senders = sessions.map((session) => {
    const connection = new IngestConnection(url, { WebSocket, timers: clock, client: session, session });
    cleanups.push(() => connection.abandon());
    return { connection, stream: connection.open({ ...declared, clock: 'session' }) };
  });
  await passTill(clock, () => senders.every(({ stream }) => stream.id !== null));
  const begin = clock.now();
  let frame = 0;
  const ask = async <N extends CallName>(path: string, body?: unknown): Promise<CallResult<N>> => {
    const request = fetch(new URL(path, url), {
      ...(body !== undefined && {
        ...{ method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) },
      }),
    });
    return (await (await request).json()) as CallResult<N>;
  };
  return {
    ...{ outputs, record, ask },
    /** Devices send up to `to`, s since they began. */
    until: async (to: Seconds) => {
      for (; frame * FRAME_S < to - 1e-9; frame++) {
        const at = frame * FRAME_S;
        for (const [i, { stream }] of senders.entries())
          stream.push([[5 + i + Math.sin(at * at + i) + (at > 12 ? 2 : 0)]], at);
        await passUntil(clock, begin + at + FRAME_S);
      }
    },
    /** The disk syncs nothing until `release` is called. */
    stopDisk: (): { readonly release: () => void } => {
      let release = (): void => {};
      disk.slow = new Promise((resolve) => {
        release = resolve;
      });
      return { release };
    },
    kill: async () => {
      disk.isDead = true;
      await daemon.server.close();
      const dead = daemon;
      daemon = await start(port);
      cleanups.push(() => dead.runtime.close());
    },
    /** Ends every session; the next begins under its name. */
    reopen: async () => {
      let left = senders.length;
      for (const { stream } of senders) stream.close().then(() => left--);
      await passTill(clock, () => left === 0 && daemon.runtime.sessions.size === 0);
      for (const sender of senders) sender.stream = sender.connection.open({ ...declared, clock: 'session' });
      await passTill(clock, () => senders.every(({ stream }) => stream.id !== null));
    },
    replace: (next: string) => daemon.replace(loadedOf(next)),
    baseline: (session: string, action: string) =>
      ask<'baseline'>(`/v1/sessions/${session}/baseline`, { action }),
    end: async () => {
      let isClosed = false;
      Promise.all(senders.map(({ connection }) => connection.close())).then(() => {
        isClosed = true;
      });
      await passTill(clock, () => isClosed);
      await daemon.close();
    },
  };
}

it('is taken of one session while the other goes on, and replayed from the recording', async () => {
  const { ask, baseline, until, outputs, record, end } = await lab(['default', 'other']);
  await until(8);
  // The first five seconds were the pipeline's own rest.
  expect(givenAt(outputs, 'default', 0)[0]).toBe(5.5);
  expect(await baseline('default', 'stop')).toMatchObject({ code: 'baseline-not-running' });
  expect(await baseline('nobody', 'start')).toMatchObject({ code: 'unknown-session' });
  expect(await baseline('default', 'pause')).toMatchObject({ code: 'invalid-params' });
  const began = await baseline('default', 'start');
  expect(began).toEqual({
    ...{ session: 'default', time: expect.closeTo(8, 0), recorded: true, nodes: ['rest'] },
  });
  expect(await baseline('default', 'start')).toMatchObject({ code: 'baseline-running' });
  const { sessions } = await ask<'sessions'>('/v1/sessions');
  expect(sessions.map(({ session, baseline_since }) => [session, baseline_since])).toEqual([
    ['default', began.time],
    ['other', null],
  ]);
  await until(20);
  const ended = await baseline('default', 'stop');
  expect(ended.time - began.time).toBeCloseTo(12, 1);
  expect(await baseline('default', 'stop')).toMatchObject({ code: 'baseline-not-running' });
  await until(24);
  // None while the rest is taken, whatever its length.
  const given = givenAt(outputs, 'default', began.time + 0.5);
  expect(given[0]).toBeGreaterThan(ended.time);
  expect(given[0]).toBeLessThan(ended.time + 1);
  expect(givenAt(outputs, 'other', 9).length).toBeGreaterThan(24);
  await end();
  expect(lines(await replayedRecording(record, loadedOf(withRest)), 'default')).toEqual(
    lines(outputs, 'default'),
  );
});

it('begun by any stream’s marker is one that runs, and the call ends it', async () => {
  const { ask, baseline, until, end } = await lab(['default']);
  await until(6);
  await ask('/v1/sessions/default/marker', { text: 'baseline:start' });
  expect(await baseline('default', 'start')).toMatchObject({ code: 'baseline-running' });
  await until(8);
  expect(await baseline('default', 'stop')).toMatchObject({ nodes: ['rest'] });
  await end();
});

it('outlasts a daemon that is killed', async () => {
  const { baseline, until, kill, outputs, end, ask } = await lab(['default']);
  await until(11);
  const began = await baseline('default', 'start');
  await until(14);
  await kill();
  await until(18);
  const { sessions } = await ask<'sessions'>('/v1/sessions');
  expect(sessions[0].baseline_since).toBeCloseTo(began.time, 5);
  const ended = await baseline('default', 'stop');
  await until(21);
  const given = givenAt(outputs, 'default', began.time + 0.5);
  expect(given.length).toBeGreaterThan(2);
  expect(given[0]).toBeGreaterThan(ended.time);
  await end();
});

it('is told to be recorded once it is on the disk', async () => {
  const { baseline, until, stopDisk, end } = await lab(['default']);
  await until(4);
  const slow = stopDisk();
  let answer: CallResult<'baseline'> | null = null;
  const asked = baseline('default', 'start').then((told) => {
    answer = told;
  });
  await until(5.5);
  expect(answer).toBeNull();
  slow.release();
  await asked;
  expect(answer).toMatchObject({ recorded: true });
  const stuck = stopDisk();
  const ended = baseline('default', 'stop');
  await until(9);
  expect(await ended).toMatchObject({ time: expect.closeTo(5.5, 0), recorded: false });
  stuck.release();
  await end();
});

it('is forgotten with its session', async () => {
  const { baseline, until, reopen, end } = await lab(['default']);
  await until(4);
  await baseline('default', 'start');
  await reopen();
  await until(6);
  expect(await baseline('default', 'stop')).toMatchObject({ code: 'baseline-not-running' });
  expect(await baseline('default', 'start')).toMatchObject({ nodes: ['rest'] });
  await end();
});

it('is refused where nothing of the pipeline takes one, and those are named that do', async () => {
  const { baseline, until, replace, end } = await lab(['default'], plain);
  await until(3);
  for (const action of ['start', 'stop'])
    expect(await baseline('default', action)).toMatchObject({
      ...{ code: 'no-baseline', message: expect.stringContaining('shipped pipelines indices do') },
    });
  await replace(withRest);
  expect(await baseline('default', 'start')).toMatchObject({ nodes: ['rest'] });
  await end();
});
