import { mkdirSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { SystemClock, VirtualClock } from '../../src/core/clock.js';
import type { Chunk, StreamInfo, StreamMessage } from '../../src/core/signal.js';
import { Feed } from '../../src/daemon/feed.js';
import { channelsElement, simulatedElement } from '../../src/io/lsl/declaration.js';
import { Outlet } from '../../src/io/lsl/outlet.js';
import type { Prediction } from '../../src/io/protocol/output.js';
import { openRecording } from '../../src/io/recordings/open.js';
import { XdfWriter } from '../../src/io/recordings/xdf/xdf-writer.js';
import { xdfSessions } from '../../src/learn/datasets/xdf-sessions.js';
import { dataLink } from '../../src/learn/examples/data-link.js';
import { loadPipeline } from '../../src/pipeline/file/load.js';
import { loadModels } from '../../src/pipeline/run/load-models.js';
import { openSession } from '../../src/pipeline/run/open-session.js';
import { replay } from '../../src/pipeline/run/replay.js';
import { closeRunners } from '../../src/pipeline/run/runtime.js';
import { DaemonRecorder } from '../../src/recorder/daemon-recorder.js';
import { LiveRecording } from '../../src/recorder/live-recording.js';
import { LslRecorder } from '../../src/recorder/lsl-recorder.js';
import { SessionRecorder } from '../../src/recorder/session-recorder.js';
import { simulateSession } from '../../src/simulation/session.js';
import { testNetwork } from '../io/lsl/liblsl-oracle.js';
import { ownPorts } from '../io/lsl/own-ports.js';
import { edfBytes } from '../io/recordings/edf-bytes.js';
import { startDaemon, until } from '../io/server/daemon.js';
import { temporaryFolder } from '../setup/temporary-folder.js';
import { feedMessages } from './feed-recording.js';
import { runAffectd } from './run-affectd.js';

const root = join(import.meta.dirname, '..', '..');
const folder = temporaryFolder();
const events = () => {};
const loaded = await loadModels(await loadPipeline(join(root, 'pipelines', 'default.yaml')), {
  engine: 'auto',
  events,
});
afterAll(() => closeRunners(loaded.runners));

const simulated = [
  ...simulateSession({ profile: 'muse', seed: 3, duration_s: 6, only: ['eeg', 'ppg', 'eda', 'temp'] }),
];

/** The session with the mark on the streams of `marked` alone: the same samples as if a person had worn the others. */
function session(marked: readonly string[] | 'all'): StreamMessage[] {
  const info = ({ simulated: _, ...stream }: StreamInfo): StreamInfo => ({
    ...stream,
    ...((marked === 'all' || marked.includes(stream.id)) && { simulated: true }),
  });
  return simulated.map((message): StreamMessage => {
    if (message.kind === 'open') return { kind: 'open', info: info(message.info) };
    if (message.kind !== 'chunk') return message;
    return { kind: 'chunk', chunk: { ...message.chunk, info: info(message.chunk.info) } };
  });
}

const chunksOf = (messages: readonly StreamMessage[]): Chunk[] =>
  messages.flatMap((message) => (message.kind === 'chunk' ? [message.chunk] : []));
const infosOf = (messages: readonly StreamMessage[]): StreamInfo[] =>
  messages.flatMap((message) => (message.kind === 'open' ? [message.info] : []));

async function predicted(...paths: string[]): Promise<Prediction[]> {
  const { pipeline } = loaded;
  const { recording } = await openSession(paths, { pipeline, alignStart: true, events });
  const options = { session: 's', loaded, events, inArrivalOrder: recording.inArrivalOrder };
  const predictions: Prediction[] = [];
  const messages = recording.messages({ chunk: null, clockSync: true, events });
  for await (const output of replay(messages, { ...options, batch: 16 }))
    if (output.kind === 'prediction') predictions.push(output.prediction);
  await recording.close();
  expect(predictions.length).toBeGreaterThan(2);
  return predictions;
}

let files = 0;
const named = (extension: string): string => join(folder, `${++files}.${extension}`);

function xdf(messages: readonly StreamMessage[]): string {
  const path = named('xdf');
  const writer = XdfWriter.create(path);
  for (const message of messages)
    if (message.kind === 'open') writer.open(message.info);
    else if (message.kind === 'chunk') writer.write(message.chunk);
  writer.close();
  return path;
}

/** A table of one stream, which has a mark, or the column and nothing in it. */
function csv(messages: readonly StreamMessage[], id = 'eeg'): string {
  const chunks = chunksOf(messages).filter(({ info }) => info.id === id);
  const [{ info }] = chunks;
  const lines = chunks.flatMap(({ times, data }) =>
    [...times].map((time, i) => [
      time,
      ...info.channels.map((_, c) => data[c * times.length + i]),
      info.simulated ? 'true' : '',
    ]),
  );
  const names = info.channels.map(({ label, unit }) => `${info.type}.${label}[${unit}]`);
  const path = named('csv');
  writeFileSync(path, [['time', ...names, 'simulated'], ...lines].map((cells) => cells.join(',')).join('\n'));
  return path;
}

function edf(messages: readonly StreamMessage[], format: 'EDF' | 'BDF' = 'EDF'): string {
  const chunks = chunksOf(messages).filter(({ info }) => info.id === 'eeg');
  const [{ info }] = chunks;
  const whole = chunks.filter(({ times }) => times.length === info.sfreq);
  const path = named(format.toLowerCase());
  const bytes = edfBytes({
    format,
    recording: `Startdate 01-JAN-2026 X X ${info.simulated ? 'affectd_simulated' : 'cap'}`,
    signals: info.channels.map(({ label }, c) => ({
      ...{ label: `EEG ${label}`, physical: [-500, 500], digital: [-32000, 32000] },
      records: whole.map(({ data, times }) =>
        [...data.subarray(c * times.length, (c + 1) * times.length)].map((value) =>
          Math.max(-32000, Math.min(32000, Math.round(64 * value))),
        ),
      ),
    })),
  });
  writeFileSync(path, bytes);
  return path;
}

/** What `run --record` and `record` write of what a device pushes over WebSocket. */
async function recordedOverWebSocket(messages: readonly StreamMessage[]): Promise<string[]> {
  const clock = new VirtualClock(1000, 1e9);
  const daemon = await startDaemon({ clock });
  const place = join(folder, `record-${++files}`);
  const recorder = new SessionRecorder(place, { clock, events });
  const path = named('xdf');
  const told: string[] = [];
  const tell = (line: string): void => void told.push(line);
  const recording = new LiveRecording({ clock, path, tell });
  const listener = new DaemonRecorder(recording, { clock, url: daemon.url, wanted: () => true, tell });
  expect(await listener.reach()).toBe(true);
  const feed = new Feed({ url: daemon.url, session: 's', client: 'test' });
  await feedMessages(feed, messages, clock);
  await until(() => told.some((line) => line.includes('has ended')));
  for (const received of daemon.received) recorder.take(received);
  await recorder.close();
  listener.close();
  await recording.close();
  await daemon.stop();
  return [join(place, readdirSync(place)[0]), path];
}

const network = testNetwork(await ownPorts());

async function recordedOverLsl(messages: readonly StreamMessage[]): Promise<string> {
  const { context } = network;
  const path = named('xdf');
  const recording = new LiveRecording({ clock: context.clock, path, tell: events });
  const recorder = new LslRecorder(context, '', recording, events);
  const outlets = new Map<string, Outlet>();
  for (const { id, name, type, sfreq, channels, simulated: isMarked } of infosOf(messages))
    outlets.set(
      id,
      await Outlet.create(context, {
        ...{ name, type, nominalRate_hz: sfreq, channelCount: channels.length, sourceId: `${path} ${id}` },
        description: [channelsElement(channels), ...(isMarked ? [simulatedElement] : [])],
      }),
    );
  await Promise.all([...outlets.values()].map((outlet) => outlet.waitForConsumers(60)));
  const start = context.clock.now();
  const sent = new Map<string, number>();
  for (const { info, data, times } of chunksOf(messages)) {
    const n = times.length;
    const values = Float32Array.from(
      data,
      (_, i) => data[(i % info.channels.length) * n + Math.floor(i / info.channels.length)],
    );
    outlets.get(info.id)!.push(
      values,
      times.map((time) => start + time),
    );
    sent.set(info.name, (sent.get(info.name) ?? 0) + n);
  }
  await until(() => [...sent].every(([name, n]) => recording.samplesOf(name) === n));
  recorder.close();
  await recording.close();
  await Promise.all([...outlets.values()].map((outlet) => outlet.close()));
  return path;
}

const marks = async (path: string): Promise<(true | undefined)[]> => {
  const { streams, close } = await openRecording(path).then((recording) => ({
    streams: recording.streams,
    close: () => recording.close(),
  }));
  await close();
  return streams.map(({ info }) => info.simulated);
};

const doors: Record<string, (messages: readonly StreamMessage[]) => Promise<string[]>> = {
  XDF: async (messages) => [xdf(messages)],
  CSV: async (messages) => [csv(messages)],
  EDF: async (messages) => [edf(messages)],
  BDF: async (messages) => [edf(messages, 'BDF')],
  'WebSocket, by run --record and by record': recordedOverWebSocket,
  'LSL, by record': async (messages) => [await recordedOverLsl(messages)],
};

describe.each(Object.entries(doors))('a simulated session through %s', (_, through) => {
  it('is simulated in every prediction of its replay, and a person’s is not', async () => {
    for (const path of await through(session('all'))) {
      expect(new Set(await marks(path))).toEqual(new Set([true]));
      for (const { simulated: isMarked, evidence } of await predicted(path))
        expect([isMarked, evidence]).toEqual([true, 'simulated']);
    }
    for (const path of await through(session([]))) {
      expect(new Set(await marks(path))).toEqual(new Set([undefined]));
      for (const prediction of await predicted(path)) expect('simulated' in prediction).toBe(false);
    }
  });
});

describe('one simulated stream among a person’s', () => {
  it('makes every prediction simulated that it feeds', async () => {
    const path = xdf(session(['temp']));
    expect((await marks(path)).filter(Boolean)).toHaveLength(1);
    for (const prediction of await predicted(path)) expect(prediction.simulated).toBe(true);
  });

  it('makes none simulated where it feeds nothing: a truth that a simulator told', async () => {
    for (const prediction of await predicted(xdf(session(['annotation']))))
      expect('simulated' in prediction).toBe(false);
  });

  it('does so from another file, too', async () => {
    const person = session([]);
    const predictions = await predicted(csv(person), csv(session(['eda']), 'eda'));
    for (const prediction of predictions) expect(prediction.simulated).toBe(true);
    for (const prediction of await predicted(csv(person), csv(person, 'eda')))
      expect('simulated' in prediction).toBe(false);
  });
});

describe('what is exported of simulated streams', () => {
  it('has a column that says so, which reading it again as a recording keeps', async () => {
    const features = named('csv');
    const { code, stderr } = await runAffectd(['features', xdf(session(['eeg'])), '--out', features]);
    expect(code, stderr).toBe(0);
    expect(new Set(await marks(features))).toEqual(new Set([true]));
    const person = await runAffectd(['features', xdf(session([]))]);
    expect(person.stdout).not.toContain('simulated');
  });

  it('is told stream by stream of events, and by inspect', async () => {
    const path = xdf(session(['ppg']));
    const [head, ...rows] = (await runAffectd(['events', path])).stdout.trim().split('\r\n');
    expect(head).toMatch(/,unit,simulated$/);
    expect(rows.length).toBeGreaterThan(3);
    for (const row of rows) expect(row).toMatch(row.includes('PPG') ? /,1$/ : /,0$/);
    expect(new Set(rows.map((row) => row.at(-1)))).toEqual(new Set(['0', '1']));
    const { streams } = JSON.parse((await runAffectd(['inspect', path, '--json'])).stdout);
    expect(
      streams.filter((stream: StreamInfo) => stream.simulated).map(({ type }: StreamInfo) => type),
    ).toEqual(['PPG']);
    expect((await runAffectd(['inspect', path])).stdout).toMatch(/PPG {2}64 Hz.*SIMULATED/);
  });
});

describe('a data set', () => {
  const linked = async (...sessions: (readonly StreamMessage[])[]) => {
    const path = join(folder, `set-${++files}`);
    mkdirSync(path);
    for (const [i, messages] of sessions.entries()) renameSync(xdf(messages), join(path, `p${i}.xdf`));
    const settings = { kind: 'xdf-sessions', path };
    const dataset = await xdfSessions.open(xdfSessions.settings.parse({ path }), folder);
    return dataLink(dataset, dataset.people, { settings, directory: folder });
  };
  /** Nobody else's: a minute of one stream may not stand under two people. */
  const other = session([]).map((message): StreamMessage => {
    if (message.kind !== 'chunk') return message;
    const { chunk } = message;
    return { kind: 'chunk', chunk: { ...chunk, data: chunk.data.map((value) => value / 2) } };
  });

  it('is simulated where one stream of one person is, be it the one that tells the labels', async () => {
    expect((await linked(session([]), other)).simulated).toBe(false);
    expect((await linked(session(['temp']), other)).simulated).toBe(true);
    expect((await linked(other, session(['annotation']))).simulated).toBe(true);
  });
});

describe('a stream that comes back under its old name as another', () => {
  it('is another stream of the recording: what a simulator sends never goes on under a headset’s header', async () => {
    const place = join(folder, `again-${++files}`);
    const recorder = new SessionRecorder(place, { clock: new SystemClock(), events });
    const [person, simulator] = [session([]), session(['eeg'])];
    const eeg = (messages: readonly StreamMessage[]) =>
      messages.filter((message) =>
        message.kind === 'close'
          ? message.id === 'eeg'
          : message.kind === 'marker' ||
            message.kind === 'zero' ||
            message.kind === 'bind' ||
            message.kind === 'stale' ||
            message.kind === 'dropped' ||
            message.kind === 'anew' ||
            (message.kind === 'open' ? message.info : message.chunk.info).id === 'eeg',
      );
    const stays = person.filter((message) => message.kind === 'open' && message.info.id === 'temp');
    for (const message of [...stays, ...eeg(person), ...eeg(simulator), ...eeg(person)])
      recorder.take({ session: 's', message });
    await recorder.close();
    const recording = await openRecording(join(place, readdirSync(place)[0]));
    const samples = recording.streams
      .filter(({ info }) => info.type === 'EEG')
      .map(({ info, samples: n }) => [info.simulated, n]);
    await recording.close();
    const n = 6 * 256;
    expect(samples).toEqual([
      [undefined, n],
      [true, n],
      [undefined, n],
    ]);
  });
});
