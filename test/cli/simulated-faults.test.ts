import { readdirSync } from 'node:fs';
import { type AddressInfo, connect, createServer } from 'node:net';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { expect, it } from 'vitest';
import { VirtualClock } from '../../src/core/clock.js';
import type { SessionEvent } from '../../src/core/event.js';
import type { ModelFrame, ModelRunner } from '../../src/core/model.js';
import { startDaemon } from '../../src/daemon/daemon.js';
import { encodeSamples } from '../../src/io/protocol/sample-frame.js';
import { openRecording } from '../../src/io/recordings/open.js';
import type { OutputMessage } from '../../src/io/sinks/sink.js';
import { loggedSources } from '../../src/pipeline/run/match-streams.js';
import { outputMessage } from '../../src/pipeline/run/output-messages.js';
import { replay } from '../../src/pipeline/run/replay.js';
import type { LoadedPipeline } from '../../src/pipeline/run/run-session.js';
import { ownSettings } from '../io/lsl/own-settings.js';
import { RawClient } from '../io/server/daemon.js';
import { pipelineOf } from '../pipeline/live-and-replay.js';
import { cleanUpAfterEach } from '../setup/clean-up-after-each.js';
import { temporaryFolder } from '../setup/temporary-folder.js';
import { passTill, passUntil } from './lock-step.js';
import { runAffectd } from './run-affectd.js';

const folder = temporaryFolder();
const { cleanups } = cleanUpAfterEach();
await ownSettings();
let runs = 0;

const feature = { channel: 'skin', feature: 'eda_level', unit: 'uS' };
const runner = {
  ...{ name: 'affect', id: 'affect@sha256:0', type: 'hi-moe', engine: 'none', fuses: false },
  worth: { evidence: 'none', broken: null, reason: null, scope: null },
  inputs: new Map([['eda', { name: 'eda', kind: 'features', upstream: '', features: [feature] }]]),
  validity: { min_present: 1, required: [] },
  predict: async (frames: readonly ModelFrame[]) =>
    frames.map(([{ values }]) => ({
      ...{ valence: Math.tanh(values[0]), arousal: 0, weights: [1], routing: [], interval: null },
    })),
  close: async () => {},
} as unknown as ModelRunner;

const loadedOf = (source: string): LoadedPipeline => ({
  pipeline: pipelineOf(`
sources:
  eda: { ${source} }
transforms:
  level: { type: extract, input: eda, features: [skin-conductance], window_s: 1, hop_s: 0.25 }
models:
  affect: { type: hi-moe, inputs: { eda: level }, path: models/demo }
`),
  runners: new Map([['affect', runner]]),
});

const silent = new Writable({ write: (_chunk, _encoding, done) => done() });

/** A daemon on a clock of its own, which records. */
async function started(options: { obeyFaults?: boolean; lsl?: true }, loaded: LoadedPipeline) {
  const clock = new VirtualClock(5000, 1_700_000_000);
  const events: SessionEvent[] = [];
  const outputs: OutputMessage[] = [];
  const record = join(folder, String(runs++));
  const daemon = await startDaemon(
    { stdout: silent, clock },
    loaded,
    {
      ...{ host: '127.0.0.1', port: 0, engine: 'auto', logLevel: 'silent', record, sync: 'none' },
      ...options,
    },
    (event) => events.push(event),
  );
  cleanups.push(() => daemon.close());
  daemon.runtime.outputs$.subscribe((output) => outputs.push(output));
  /** What nodes told, to the last bit; `before`: of windows that end before that time, s. */
  const textsOf = (session: string, before = Number.POSITIVE_INFINITY): string[] =>
    outputs.flatMap((output) =>
      output.session === session && 'node' in output && output.time < before ? [JSON.stringify(output)] : [],
    );
  const invalidOf = (session: string, reason: string): number[] =>
    outputs.flatMap((output) =>
      output.stream === 'affect' && output.session === session && output.reason === reason
        ? [output.time]
        : [],
    );
  const codes = (code: SessionEvent['code']) => events.filter((event) => event.code === code);
  /** What a replay of a session's recording gives. */
  const replayed = async (session: string): Promise<string[]> => {
    await daemon.close();
    const name = readdirSync(record).find((file) => file.startsWith(session))!;
    const recording = await openRecording(join(record, name));
    const texts: string[] = [];
    for await (const output of replay(
      recording.messages({ chunk: null, clockSync: true, events: () => {} }),
      {
        ...{ session, loaded, events: () => {}, features: true },
        inArrivalOrder: recording.inArrivalOrder,
        logged: loggedSources(loaded.pipeline, recording.bound),
        thinned: recording.thinned,
      },
    )) {
      const message = outputMessage(session, output);
      if (message && 'node' in message) texts.push(JSON.stringify(message));
    }
    await recording.close();
    return texts;
  };
  return { clock, daemon, record, events, outputs, textsOf, invalidOf, codes, replayed };
}

type Started = Awaited<ReturnType<typeof started>>;

/** `affectd simulate` to its end, while time passes; `everyRound` beside it, twice a second. */
async function simulated({ clock }: Started, args: string[], everyRound = async (_: number) => {}) {
  const began = clock.now();
  let result: Awaited<ReturnType<typeof runAffectd>> | null = null;
  const ended = runAffectd(['simulate', '--only', 'eda', ...args], { clock }).then((given) => {
    result = given;
  });
  for (let round = 0; !result; round++) {
    await everyRound(round);
    await passUntil(clock, began + 0.5 * (round + 1));
  }
  await ended;
  expect(result).toMatchObject({ code: 0 });
}

/** A person over WebSocket whose simulator asks for faults, beside somebody else in a session of their own. */
async function overWebSocket(faults: string, duration_s: number, options: { obeyFaults?: boolean }) {
  const own = await started(options, loadedOf('type: websocket, stream_type: EDA'));
  const client = await RawClient.connect(own.daemon.server, '/v1/ingest');
  cleanups.push(() => client.socket.terminate());
  const stream = { name: 'wrist', type: 'EDA', sfreq: 64, channels: ['EDA'], unit: 'uS' };
  const id = await client.open(stream, { session: 'other' });
  const target = ['--via', 'websocket', '--url', own.daemon.server.url.replace('http', 'ws')];
  const asked = faults === '' ? [] : ['--faults', faults];
  await simulated(
    own,
    [...target, '--session', 'faulty', '--duration', String(duration_s), ...asked],
    async (round) => {
      if (round >= 2 * duration_s) return;
      const data = Float32Array.from({ length: 32 }, (_, i) => 3 + Math.sin(0.1 * (32 * round + i)));
      client.send(encodeSamples({ stream: id, seq: round, t0: round / 2, times: null, data }, 1));
      await client.next();
    },
  );
  await client.request('close', { stream: id });
  await passTill(own.clock, () => own.codes('session-closed').length === 2);
  return own;
}

it('a simulator that asks for a throw gets it, in its own session alone, and at the third its session stays down', async () => {
  const own = await overWebSocket('throw@6,throw@10,throw@14', 20, { obeyFaults: true });
  const failed = own.codes('session-failed');
  expect(failed.map(({ session }) => session)).toEqual(['faulty', 'faulty', 'faulty']);
  expect(failed[0].message).toContain('a simulator asked for a fault; its graph begins anew');
  expect(failed[2].message).toContain('it stays down');
  const down = own.invalidOf('faulty', 'failed');
  expect(Math.min(...down)).toBeGreaterThan(13.5);
  expect(Math.min(...down)).toBeLessThan(14.6);
  expect(own.codes('fault-refused')).toEqual([]);

  const live = own.textsOf('faulty');
  expect(live.length).toBeGreaterThan(100);
  const others = own.textsOf('other', 20);
  expect(await own.replayed('faulty')).toEqual(live);

  const undisturbed = await overWebSocket('', 20, { obeyFaults: true });
  expect(undisturbed.textsOf('other', 20)).toEqual(others);
  expect(others.length).toBeGreaterThan(100);
});

it('a simulator that asks for a slow model has its own windows thinned, and nobody else', async () => {
  const own = await overWebSocket('slow-model@5-30=3', 40, { obeyFaults: true });
  const thinned = own.invalidOf('faulty', 'overloaded');
  expect(thinned.length).toBeGreaterThan(30);
  expect(Math.min(...thinned)).toBeGreaterThanOrEqual(5);
  expect(Math.max(...thinned)).toBeLessThan(33);
  expect(own.codes('windows-dropped').every(({ session }) => session === 'faulty')).toBe(true);
  expect(own.codes('session-failed')).toEqual([]);

  const live = own.textsOf('faulty');
  const others = own.textsOf('other', 40);
  expect(await own.replayed('faulty')).toEqual(live);

  const undisturbed = await overWebSocket('', 40, { obeyFaults: true });
  expect(undisturbed.textsOf('other', 40)).toEqual(others);
});

it('a daemon that was not told to obey refuses once, and all is as if nobody had asked', async () => {
  const own = await overWebSocket('throw@6,slow-model@8-18=2,throw@10', 20, {});
  expect(own.codes('fault-refused')).toHaveLength(1);
  expect(own.codes('fault-refused')[0]).toMatchObject({ session: 'faulty', stream: 'affectd-faults' });
  expect(own.codes('session-failed')).toEqual([]);
  const undisturbed = await overWebSocket('', 20, {});
  expect(own.textsOf('faulty', 20)).toEqual(undisturbed.textsOf('faulty', 20));
  expect(own.textsOf('faulty', 20).length).toBeGreaterThan(100);
});

it('asks over LSL, too', async () => {
  const own = await started({ obeyFaults: true, lsl: true }, loadedOf('type: lsl, stream_type: EDA'));
  await simulated(own, ['--via', 'lsl', '--duration', '20', '--faults', 'throw@12']);
  expect(own.codes('session-failed')).toHaveLength(1);
  expect(own.codes('session-failed')[0]).toMatchObject({ session: 'default' });
});

it.each([true, false])('a synthetic source asks the daemon that has it, obeyed: %s', async (obeyFaults) => {
  const source =
    'type: synthetic, stream_type: EDA, only: [eda], faults: "throw@4,slow-model@6-", duration_s: 30';
  const own = await started({ obeyFaults }, loadedOf(source));
  await passUntil(own.clock, own.clock.now() + 40);
  expect(own.codes('session-failed')).toHaveLength(obeyFaults ? 1 : 0);
  expect(own.codes('fault-refused')).toHaveLength(obeyFaults ? 0 : 1);
  expect(own.invalidOf('default', 'overloaded').length > 0).toBe(obeyFaults);
});

/** What a recording holds of a person's skin: by stream, its labels and samples, in order. */
async function recorded({ daemon, record }: Started) {
  await daemon.close();
  const recording = await openRecording(join(record, readdirSync(record)[0]));
  const streams = new Map<string, { labels: string[]; times: number[]; values: number[] }>();
  for await (const message of recording.messages({ chunk: null, clockSync: true, events: () => {} })) {
    if (message.kind !== 'chunk' || message.chunk.info.type !== 'EDA') continue;
    const { info, times, data } = message.chunk;
    const stream = streams.get(info.id) ?? {
      ...{ labels: info.channels.map(({ label }) => label), times: [], values: [] },
    };
    streams.set(info.id, stream);
    stream.times.push(...times);
    stream.values.push(...data.subarray(0, times.length));
  }
  await recording.close();
  return [...streams.values()];
}

/** Connections to a daemon, each with how what was sent over it ended. */
async function watched(port: number) {
  const ends: string[] = [];
  const server = createServer((near) => {
    const far = connect(port, '127.0.0.1');
    let last = Buffer.alloc(0);
    near.on('data', (bytes: Buffer) => {
      last = Buffer.concat([last, bytes]).subarray(-4096);
    });
    near.on('close', () => ends.push(last.toString('hex')));
    near.pipe(far).pipe(near);
    for (const socket of [near, far]) socket.on('error', () => {});
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanups.push(() => server.close());
  return { ends, url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

/** What came of a simulated person's skin, and how their connections ended. */
async function sent(via: 'websocket' | 'lsl', faults: string, duration_s = 15) {
  const own = await started(via === 'lsl' ? { lsl: true } : {}, loadedOf(`type: ${via}, stream_type: EDA`));
  const { ends, url } = await watched(Number(new URL(own.daemon.server.url).port));
  const target = ['--via', via, '--duration', String(duration_s), ...(via === 'lsl' ? [] : ['--url', url])];
  await simulated(own, [...target, ...(faults === '' ? [] : ['--faults', faults])]);
  return { own, ends, streams: await recorded(own) };
}

it('cut, over WebSocket: the connection breaks in the middle of a frame, comes back, and nothing is lost', async () => {
  const whole = await sent('websocket', '');
  const cut = await sent('websocket', 'cut@5,cut@8.3');
  const half = '82feffff01020304050607';
  const isHalf = (end: string): boolean => end.includes(half);
  expect(whole.ends.map(isHalf)).toEqual([false]);
  expect(cut.ends.map(isHalf)).toEqual([true, true, false]);
  expect(cut.own.codes('session-opened')).toHaveLength(1);
  const [{ values }] = whole.streams;
  expect(values.length).toBe(240);
  expect(cut.streams.map((stream) => stream.values)).toEqual([values]);
});

it('cut, over LSL: the daemon loses the stream and finds it again, the same one', async () => {
  const { own, streams } = await sent('lsl', 'cut@8', 30);
  expect(own.codes('stream-recovered').map(({ stream }) => stream)).toContain('simulated EDA');
  expect(own.codes('stream-opened')).toHaveLength(2);
  const [{ times }] = streams;
  expect(times.at(-1)! - times[0]).toBeGreaterThan(25);
});

it('label, layout and restart, over WebSocket: other streams follow, and nothing is lost', async () => {
  const { own, streams } = await sent('websocket', 'label:EDA@7,layout:EDA@10,restart:EDA@12.5');
  const [{ labels }] = streams;
  // What restarts as it was goes on where it was in a recording.
  expect(streams.map((stream) => stream.labels)).toEqual([
    labels,
    [`${labels[0]}x`],
    [`${labels[0]}x`, 'extra1'],
  ]);
  expect(streams.map(({ times }) => times.length)).toEqual([112, 48, 80]);
  const opened = own.codes('stream-opened').filter(({ stream }) => stream !== 'simulated affect');
  expect(opened).toHaveLength(4);
});

it('layout, over LSL: another outlet follows', async () => {
  const { streams } = await sent('lsl', 'layout:EDA@12', 30);
  const [{ labels }] = streams;
  expect(streams.map((stream) => stream.labels)).toEqual([labels, [...labels, 'extra1']]);
  expect(streams[1].times.length).toBeGreaterThan(10 * 16);
});
