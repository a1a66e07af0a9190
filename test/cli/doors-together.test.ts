import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { type Clock, type Seconds, VirtualClock } from '../../src/core/clock.js';
import type { SessionEvent } from '../../src/core/event.js';
import { Random } from '../../src/core/random.js';
import { startDaemon } from '../../src/daemon/daemon.js';
import { loadConfig } from '../../src/io/lsl/config.js';
import { channelsElement } from '../../src/io/lsl/declaration.js';
import { Outlet } from '../../src/io/lsl/outlet.js';
import { encodeSamples } from '../../src/io/protocol/sample-frame.js';
import { openRecording } from '../../src/io/recordings/open.js';
import type { OutputMessage } from '../../src/io/sinks/sink.js';
import { checkPipeline } from '../../src/pipeline/file/check.js';
import { PipelineDocument } from '../../src/pipeline/file/document.js';
import { ownSettings } from '../io/lsl/own-settings.js';
import { RawClient } from '../io/server/daemon.js';
import { cleanUpAfterEach } from '../setup/clean-up-after-each.js';
import { temporaryFolder } from '../setup/temporary-folder.js';
import { passTill, passUntil } from './lock-step.js';

const folder = temporaryFolder();
await ownSettings();
const { cleanups, cleanUp } = cleanUpAfterEach();

const ROUND_S: Seconds = 0.25;
const RATE_HZ = 64;
const A_ROUND = ROUND_S * RATE_HZ;
const silent = new Writable({ write: (_chunk, _encoding, done) => done() });

const text = `
sources:
  eeg: { type: websocket, stream_type: EEG }
  gaze: { type: websocket, stream_type: Gaze, optional: true }
transforms:
  de: { type: extract, input: eeg, features: [differential-entropy], window_s: 2, hop_s: 0.5 }
  eye: { type: extract, input: gaze, features: [gaze-statistics], window_s: 2, hop_s: 0.5 }
`;

async function start(lsl: boolean, record?: string, at_s: Seconds = 0) {
  const clock = new VirtualClock(5000, Date.now() / 1000 - 5000 + at_s);
  const { pipeline, problems } = checkPipeline(new PipelineDocument(join(folder, 'test.yaml'), text));
  if (!pipeline) throw new Error(JSON.stringify(problems));
  const events: SessionEvent[] = [];
  const daemon = await startDaemon(
    { stdout: silent, clock },
    { pipeline, runners: new Map() },
    {
      host: '127.0.0.1',
      port: 0,
      engine: 'auto',
      logLevel: 'silent',
      ...(lsl && { lsl: true }),
      ...(record !== undefined && { record }),
    },
    (event) => events.push(event),
  );
  cleanups.push(() => daemon.close());
  const outputs: OutputMessage[] = [];
  daemon.runtime.outputs$.subscribe((output) => outputs.push(output));
  const connect = async (): Promise<RawClient> => {
    const client = await RawClient.connect(daemon.server, '/v1/ingest');
    cleanups.push(() => client.socket.terminate());
    return client;
  };
  /** Vectors of a node: when, and its values. */
  const features = (node: string) =>
    outputs.flatMap((output) =>
      output.stream === 'features' && output.node === node
        ? [{ time: output.time, values: output.values }]
        : [],
    );
  return { clock, daemon, events, outputs, connect, features };
}
type Started = Awaited<ReturnType<typeof start>>;

/** Two channels that differ with the device and go on with time. */
const wave = (device: number, from: number): Float32Array =>
  Float32Array.from(
    { length: 2 * A_ROUND },
    (_, i) => (20 + 10 * device) * Math.sin((from + (i >> 1)) * (0.3 + device / 10) + i),
  );

/** A headset over WebSocket, whose samples are sent when time has come to them. */
async function headset({ connect, clock }: Started, device: number, client?: string) {
  const socket = await connect();
  const stream = { name: `cap ${device}`, type: 'EEG', sfreq: RATE_HZ, source_id: `id ${device}` };
  const id = await socket.open(
    { ...stream, channels: ['Fz', 'Cz'] },
    { clock: 'session', ...(client && { client }) },
  );
  let seq = 0;
  return {
    socket,
    close: () => socket.request('close', { stream: id }),
    send: async (): Promise<void> => {
      const last = Math.round((clock.now() - 5000) * RATE_HZ);
      const from = last - A_ROUND;
      socket.send(
        encodeSamples(
          { stream: id, seq: seq++, t0: from / RATE_HZ, times: null, data: wave(device, from) },
          2,
        ),
      );
      await socket.next();
    },
  };
}
type Headset = Awaited<ReturnType<typeof headset>>;

/** All of them send for `span_s`. */
async function feed({ clock }: Started, span_s: Seconds, ...headsets: readonly Headset[]): Promise<void> {
  for (let round = 0; round < span_s / ROUND_S; round++) {
    await passUntil(clock, clock.now() + ROUND_S);
    for (const one of headsets) await one.send();
  }
}

/** The clock of another machine, which was started `ahead_s` earlier and runs fast by `ppm`. */
function machineClock(clock: VirtualClock, ahead_s: Seconds, ppm: number): Clock {
  return {
    now: () => ahead_s + clock.now() * (1 + ppm * 1e-6),
    unix: () => clock.unix(),
    uptime: () => clock.uptime(),
    after: (delay_s, action) => clock.after(delay_s, action),
    every: (period_s, action) => clock.every(period_s, action),
  };
}

/** Stamps of the stream `name` in what was recorded to a folder, s from the session's zero. */
async function recordedStamps(record: string, name: string): Promise<Seconds[]> {
  const recording = await openRecording(join(record, readdirSync(record)[0]));
  const stamps: Seconds[] = [];
  let zero: Seconds = Number.NaN;
  for await (const message of recording.messages({ chunk: null, clockSync: true, events: () => {} }))
    if (message.kind === 'zero') zero = message.time;
    else if (message.kind === 'chunk' && message.chunk.info.name === name)
      for (const time of message.chunk.times) stamps.push(time - zero);
  await recording.close();
  return stamps;
}

const rebound = ({ events }: Started): string[] =>
  events.flatMap(({ code, details }) =>
    code === 'source-rebound' ? [`${details?.from} -> ${details?.to}`] : [],
  );

describe('a headset over LSL and an eye tracker over WebSocket', () => {
  /** Both, connected; `own`: the clock of the headset's machine. */
  const connected = async ({ clock, connect }: Started, own: Clock = clock) => {
    const network = { clock: own, config: loadConfig(), events: () => {} };
    const channels = channelsElement(
      ['Fz', 'Cz'].map((label) => ({ label, unit: 'microvolts', type: 'EEG' })),
    );
    const outlet = await Outlet.create(network, {
      ...{ name: 'Cap', type: 'EEG', channelCount: 2, nominalRate_hz: RATE_HZ, sourceId: 'cap' },
      description: [channels],
    });
    cleanups.push(() => outlet.close());
    await passTill(clock, () => outlet.consumers > 0);
    const tracker = await connect();
    const gaze = await tracker.open(
      { name: 'eyes', type: 'Gaze', sfreq: 60, channels: ['left_x', 'left_y'], unit: 'px' },
      { clock: 'unix' },
    );
    return { outlet, tracker, gaze };
  };

  /** Bytes of the headset's features; the tracker goes in the middle, or stays. */
  const run = async (trackerGoes: boolean) => {
    const started = await start(true);
    const { clock, features, outputs } = started;
    const { outlet, tracker, gaze } = await connected(started);
    const begin = clock.now();
    let seq = 0;
    for (let round = 0; round < 40; round++) {
      await passUntil(clock, begin + (round + 1) * ROUND_S);
      const stamps = Float64Array.from(
        { length: A_ROUND },
        (_, i) => begin + (A_ROUND * round + i) / RATE_HZ,
      );
      outlet.push(wave(1, A_ROUND * round), stamps);
      if (trackerGoes && round === 20) await tracker.request('close', { stream: gaze });
      if (trackerGoes && round >= 20) continue;
      // Its wall clock is 3 s ahead.
      const t0 = clock.unix() + 3 - 15 / 60;
      const data = new Float32Array(30).fill(500);
      tracker.send(encodeSamples({ stream: gaze, seq: seq++, t0, times: null, data }, 2));
    }
    await passUntil(clock, clock.now() + 1);
    const sessions = new Set(outputs.flatMap(({ session }) => (session === '*' ? [] : [session])));
    return { sessions: [...sessions], de: features('de'), eye: features('eye') };
  };

  it('are one session; one of its doors closes, and the other’s bytes stay as they are', async () => {
    const both = await run(false);
    await cleanUp();
    const one = await run(true);
    expect(both.sessions).toEqual(['default']);
    expect(both.de.length).toBeGreaterThan(12);
    expect(both.eye.length).toBeGreaterThan(12);
    expect(one.eye.filter(({ values }) => values.some((value) => value !== null)).length).toBeLessThan(
      both.eye.filter(({ values }) => values.some((value) => value !== null)).length,
    );
    const times = new Set(both.de.map(({ time }) => time));
    expect(one.de.filter(({ time }) => times.has(time))).toEqual(both.de.slice(0, one.de.length));
  });

  it.each([
    [50, -50, 0],
    [-50, 50, 5],
  ])(
    'whose clocks drift by %d and %d ppm, the tracker’s 3 s ahead and its network 0 to 200 ms late, from %d s on: features of both, within 20 ms of when they were measured',
    async (headset_ppm, tracker_ppm, joins_s) => {
      const [span_s, settled_s] = [45, 30];
      const [gaze_hz, in_one] = [60, 6];
      const record = join(folder, `joins at ${joins_s} s`);
      const started = await start(true, record);
      const { clock, features } = started;
      const own = machineClock(clock, 321, headset_ppm);
      const { outlet, tracker, gaze } = await connected(started, own);
      const begin = clock.now();
      /** Stamps of samples from `from` on, by a clock that shows `shown` when the first is measured. */
      const stamped = (from: number, n: number, rate_hz: number, shown: Seconds, ppm: number): Float64Array =>
        Float64Array.from({ length: n }, (_, i) => shown + ((from + i) / rate_hz) * (1 + ppm * 1e-6));
      const [headsetBegin, trackerBegin] = [own.now(), clock.unix() + 3];
      const messages: { readonly at: Seconds; readonly send: () => void }[] = [];
      for (let round = 0; round < span_s / ROUND_S; round++) {
        const times = stamped(A_ROUND * round, A_ROUND, RATE_HZ, headsetBegin, headset_ppm);
        messages.push({
          at: begin + (round + 1) * ROUND_S,
          send: () => outlet.push(wave(1, A_ROUND * round), times),
        });
      }
      const random = new Random('network');
      let arrival: Seconds = 0;
      for (let k = joins_s * gaze_hz, seq = 0; k < span_s * gaze_hz; k += in_one, seq++) {
        const times = stamped(k, in_one, gaze_hz, trackerBegin, tracker_ppm);
        const data = Float32Array.from({ length: 2 * in_one }, (_, i) => 500 + ((k + i) % 7));
        const frame = encodeSamples({ stream: gaze, seq, t0: Number.NaN, times, data }, 2);
        // What is sent later doesn't overtake.
        arrival = Math.max(arrival, begin + (k + in_one - 1) / gaze_hz + 0.2 * random.uniform());
        messages.push({
          at: arrival,
          send: () => tracker.send(frame),
        });
      }
      for (const { at, send } of messages.sort((a, b) => a.at - b.at)) {
        await passUntil(clock, at);
        send();
        await passUntil(clock, clock.now() + 0.001);
      }
      for (const node of ['de', 'eye']) {
        const rows = features(node).filter(({ time }) => time! > settled_s);
        expect(rows.length, node).toBeGreaterThan(2 * (span_s - settled_s) - 4);
        for (const { time, values } of rows)
          expect(
            values.some((value) => value !== null),
            `${node} at ${time} s`,
          ).toBe(true);
      }
      await started.daemon.close();
      // Zero is when the first sample of the first of them was measured.
      for (const [name, rate_hz, from_s] of [
        ['Cap', RATE_HZ, 0],
        ['eyes', gaze_hz, joins_s],
      ] as const) {
        const stamps = await recordedStamps(record, name);
        expect(stamps.length, name).toBe((span_s - from_s) * rate_hz);
        const errors = stamps.map((time, k) => time - from_s - k / rate_hz);
        const most = Math.max(...errors.slice((settled_s - from_s) * rate_hz).map(Math.abs));
        expect(most, name).toBeLessThan(0.02);
      }
    },
  );
});

describe('a source over sockets', () => {
  it('is fed by the client’s next headset within a hop where the first was closed', async () => {
    const started = await start(false);
    const a = await headset(started, 1, 'lab');
    const stays = await started.connect();
    await stays.open({ name: 'skin', type: 'EDA', sfreq: 4, channels: ['EDA'] }, { clock: 'session' });
    stays.send(encodeSamples({ stream: 1, seq: 0, t0: 0, times: null, data: new Float32Array(4) }, 1));
    await feed(started, 6, a);
    await a.close();
    const b = await headset(started, 2, 'lab');
    await feed(started, ROUND_S, b);
    await passUntil(started.clock, started.clock.now());
    expect(rebound(started)).toEqual(['cap 1 -> cap 2']);
    await feed(started, 6, b);
    // What is computed is the second one's, as if it had been there alone, but for what filters still know of its beginning.
    const alone = await start(false);
    const only = await headset(alone, 2, 'lab');
    await feed(alone, 12 + ROUND_S, only);
    const [given, wanted] = [started, alone].map(({ features }) => features('de').at(-1)!);
    expect(given.time).toBe(wanted.time);
    expect(given.values).toEqual(
      wanted.values.map((value) => (value === null ? null : expect.closeTo(value, 1))),
    );
  });

  it('waits 30 s for one whose connection was cut, and goes back to it when it returns', async () => {
    const started = await start(false);
    const { clock } = started;
    const a = await headset(started, 1);
    await feed(started, 6, a);
    await a.socket.kill();
    const cut = clock.now();
    await passUntil(clock, cut + 1);
    const b = await headset(started, 2);
    await feed(started, 28, b);
    expect(clock.now() - cut).toBeLessThan(30);
    expect(rebound(started)).toEqual([]);
    await feed(started, 3, b);
    expect(rebound(started)).toEqual(['cap 1 -> cap 2']);
    const again = await headset(started, 1);
    await feed(started, 0.5, again, b);
    await passUntil(clock, clock.now() + 0.1);
    expect(rebound(started)).toEqual(['cap 1 -> cap 2', 'cap 2 -> cap 1']);
  });

  it('is nothing to a headset that was there all along, though the first has a hiccup or is lost', async () => {
    const started = await start(false);
    const [a, b] = [await headset(started, 1), await headset(started, 2)];
    await feed(started, 4, a, b);
    await feed(started, 2, b);
    await feed(started, 3, a, b);
    await a.socket.kill();
    await feed(started, 40, b);
    expect(rebound(started)).toEqual([]);
  });
});

describe('a daemon that is started again', () => {
  /** Records two headsets, of which the first feeds the source, and ends. */
  const recorded = async (name: string): Promise<string> => {
    const record = join(folder, name);
    const started = await start(false, record);
    const [a, b] = [await headset(started, 1), await headset(started, 2)];
    await feed(started, 3, a, b);
    await started.daemon.close();
    return record;
  };
  const matched = ({ events }: Started): string[] =>
    events.flatMap(({ code, stream }) => (code === 'stream-matched' ? [`${stream}`] : []));

  it('has a source wait for the stream that fed it, though another one delivers first', async () => {
    const started = await start(false, await recorded('again'));
    const b = await headset(started, 2);
    await feed(started, 5, b);
    expect(matched(started)).toEqual([]);
    const a = await headset(started, 1);
    await feed(started, 1, a, b);
    expect(matched(started)).toEqual(['cap 1']);
    expect(rebound(started)).toEqual([]);
  });

  it('gives it to who is there after 30 s', async () => {
    const started = await start(false, await recorded('gone'));
    const b = await headset(started, 2);
    await feed(started, 29, b);
    expect(matched(started)).toEqual([]);
    await feed(started, 2, b);
    expect(matched(started)).toEqual(['cap 2']);
    expect(rebound(started)).toEqual(['cap 1 -> cap 2']);
  });

  it('waits for nobody of a recording that ended a quarter of an hour ago', async () => {
    const started = await start(false, await recorded('old'), 900);
    const b = await headset(started, 2);
    await feed(started, 1, b);
    expect(matched(started)).toEqual(['cap 2']);
  });
});

describe('a session', () => {
  it('outlives the cut of its last stream, invalid, and is the same one when that comes back', async () => {
    const started = await start(false);
    const { clock, events, outputs } = started;
    const a = await headset(started, 1);
    await feed(started, 5, a);
    await a.socket.kill();
    const qualities = () => outputs.filter(({ stream }) => stream === 'quality').length;
    const before = qualities();
    await passUntil(clock, clock.now() + 10);
    expect(qualities() - before).toBeGreaterThanOrEqual(12);
    const again = await headset(started, 1);
    await feed(started, 5, again);
    const of = (code: string) => events.filter((event) => event.code === code).length;
    expect([of('session-opened'), of('session-closed')]).toEqual([1, 0]);
    await again.close();
    await passUntil(clock, clock.now() + 0.1);
    expect([of('session-opened'), of('session-closed')]).toEqual([1, 1]);
  });

  it('refuses a stream that another client has, until that answers no more', async () => {
    const started = await start(false);
    const { clock } = started;
    const a = await headset(started, 1, 'one');
    await feed(started, 1, a);
    const other = await started.connect();
    const stream = { name: 'cap 1', type: 'EEG', sfreq: RATE_HZ, source_id: 'id 1', channels: ['Fz', 'Cz'] };
    const ask = () => other.request('open', { client: 'two', stream });
    expect((await ask()).error?.data.code).toBe('stream-taken');
    // It hangs: its socket is there and nobody reads it.
    a.socket.socket.pause();
    const answer = ask();
    await passUntil(clock, clock.now() + 5.2);
    expect((await answer).result).toMatchObject({ resumed: false });
  });
});
