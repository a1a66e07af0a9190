import { join } from 'node:path';
import { Writable } from 'node:stream';
import { expect, it } from 'vitest';
import { VirtualClock } from '../../src/core/clock.js';
import type { SessionEvent } from '../../src/core/event.js';
import { startDaemon } from '../../src/daemon/daemon.js';
import { loadConfig } from '../../src/io/lsl/config.js';
import { channelsElement } from '../../src/io/lsl/declaration.js';
import { Outlet } from '../../src/io/lsl/outlet.js';
import { xmlElement } from '../../src/io/lsl/xml.js';
import { encodeSamples } from '../../src/io/protocol/sample-frame.js';
import { checkPipeline } from '../../src/pipeline/file/check.js';
import { PipelineDocument } from '../../src/pipeline/file/document.js';
import type { Pipeline, TransformNode } from '../../src/pipeline/file/pipeline.js';
import type { LoadedPipeline } from '../../src/pipeline/run/run-session.js';
import { ownSettings } from '../io/lsl/own-settings.js';
import { RawClient } from '../io/server/daemon.js';
import { Ranker } from '../pipeline/ranker.js';
import { cleanUpAfterEach } from '../setup/clean-up-after-each.js';
import { temporaryFolder } from '../setup/temporary-folder.js';

const ROUNDS = 24;
const RATE_HZ = 64;
const SOCKETS = ['one', 'two', 'three', 'four'];
/** The session of what comes over LSL, where the hostile outlets are, too. */
const LSL = 'default';
const HEALTHY = [...SOCKETS, LSL];
/** Units of work in a turn (src/pipeline/run/turns.ts); what is counted between two turns of this file's own may have parts of two. */
const MOST_UNITS = 2 * 64;
/** Values that one unit feeds (src/pipeline/session/session-graph.ts). */
const MOST_VALUES_A_UNIT = 16_384;
const ODD = 1234.5;

const folder = temporaryFolder();
await ownSettings();
/** Goes on from round to round: senders are in lock-step with it. */
const clock = new VirtualClock(5000, 1_700_000_000);
const ROUND_S = 0.5;
const STEP_S = 0.02;

/** Time passes up to `to`, the network's timers and sockets with it. */
async function passUntil(to: number): Promise<void> {
  while (clock.now() < to - STEP_S / 2) {
    clock.advance(Math.min(STEP_S, to - clock.now()));
    for (let turn = 0; turn < 4; turn++) await new Promise((resolve) => setImmediate(resolve));
  }
}
const { cleanups, cleanUp } = cleanUpAfterEach();

/** What is counted in a turn of the event loop: windows that close, and messages, or pieces of them, and their values that are fed. */
const counts = ['windows', 'messages', 'values'] as const;
type Work = Record<(typeof counts)[number], number>;
const none = (): Work => ({ windows: 0, messages: 0, values: 0 });
/** Work of this turn, whosoever's it is. */
let work = none();

/** A pipeline one of whose nodes throws at a certain value. */
function fragile(more = ''): Pipeline {
  const text = `
sources:
  eeg: { type: websocket, stream_type: EEG }
  gaze: { type: websocket, stream_type: Gaze }${more}
transforms:
  held: { type: mask, input: eeg }
  de: { type: extract, input: held, features: [differential-entropy], window_s: 4, hop_s: 0.5 }
  eye: { type: extract, input: gaze, features: [gaze-statistics], window_s: 4, hop_s: 0.5 }
models:
  affect: { type: prnet, inputs: { eeg: de }, path: models/none }
`;
  const { pipeline, problems } = checkPipeline(new PipelineDocument(join(folder, 'test.yaml'), text));
  if (!pipeline) throw new Error(JSON.stringify(problems));
  const node = pipeline.transforms.get('held')!;
  const definition = {
    ...node.definition,
    create: () => ({
      reset: (info: unknown) => info,
      process: (chunk: { data: Float64Array }, emit: (chunk: unknown) => void) => {
        work.messages++;
        work.values += chunk.data.length;
        if (chunk.data.includes(ODD)) throw new RangeError('it is odd');
        emit(chunk);
      },
      snapshot: () => null,
      restore: () => {},
    }),
  } as unknown as TransformNode['definition'];
  return { ...pipeline, transforms: new Map(pipeline.transforms).set('held', { ...node, definition }) };
}

/** One model for everybody. */
const loaded = (more = ''): LoadedPipeline => ({
  pipeline: fragile(more),
  runners: new Map([['affect', new Ranker('ranks@sha256:0', 1)]]),
});

const silent = new Writable({ write: (_chunk, _encoding, done) => done() });

async function start() {
  const events: SessionEvent[] = [];
  const daemon = await startDaemon(
    { stdout: silent, clock },
    loaded(),
    { host: '127.0.0.1', port: 0, engine: 'auto', logLevel: 'silent', lsl: true },
    (event) => events.push(event),
  );
  cleanups.push(() => daemon.close());
  const most = none();
  daemon.runtime.outputs$.subscribe(({ stream }) => {
    if (stream === 'quality') work.windows++;
  });
  let isCounting = true;
  const count = (): void => {
    for (const what of counts) most[what] = Math.max(most[what], work[what]);
    work = none();
    if (isCounting) setImmediate(count);
  };
  count();
  cleanups.push(() => {
    isCounting = false;
  });
  const connect = async (path: '/v1/ingest' | '/v1/stream'): Promise<RawClient> => {
    const client = await RawClient.connect(daemon.server, path);
    cleanups.push(() => client.socket.terminate());
    return client;
  };
  return { daemon, events, connect, most };
}

type Started = Awaited<ReturnType<typeof start>>;

const eeg = { name: 'cap', type: 'EEG', sfreq: RATE_HZ, channels: ['Fz', 'Cz'], unit: 'uV' };
const rows = (n: number, value: number): Float32Array => new Float32Array(2 * n).fill(value);
const frame = (stream: number, seq: number, data: Float32Array, at: number | Float64Array): Uint8Array =>
  encodeSamples(
    typeof at === 'number'
      ? { stream, seq, t0: at, times: null, data }
      : { stream, seq, t0: Number.NaN, times: at, data },
    2,
  );

/** What the `k`th of the healthy ones measures in a round. */
const measured = (round: number, k: number): Float32Array =>
  Float32Array.from({ length: 64 }, (_, i) => 20 * Math.sin((32 * round + (i >> 1)) * (0.3 + k / 10) + i));

/** A sender that means ill; what it does in each round, from 0 on. */
type Hostile = (started: Started, name: string) => Promise<(round: number) => unknown>;

/** Opens a stream in a session of its own, and doesn't listen to what is answered. */
async function opened({ connect }: Started, session: string, stream: object = {}, more: object = {}) {
  const client = await connect('/v1/ingest');
  const answer = await client.request('open', { session, ...more, stream: { ...eeg, ...stream } });
  const id = (answer.result as { stream: number } | undefined)?.stream ?? 0;
  client.socket.on('error', () => {});
  return { client, id };
}

const hostiles: Readonly<Record<string, Hostile>> = {
  'a throw in the graph': async (started, name) => {
    const { client, id } = await opened(started, name);
    return (round) => client.send(frame(id, round, rows(32, round % 3 === 2 ? ODD : 1), round / 2));
  },
  'a unit called constructor': async (started, name) => {
    const channels = ['Fz', 'Cz'].map((label) => ({ label, unit: 'constructor', type: 'toString' }));
    const { client, id } = await opened(started, name, { channels });
    return (round) => client.send(frame(id, round, rows(32, 1), round / 2));
  },
  'an absurd rate': async (started, name) => {
    const channels = Array.from({ length: 1024 }, (_, c) => `c${c}`);
    const { client } = await opened(started, name, { sfreq: 1e6, channels });
    return () =>
      client.send({
        jsonrpc: '2.0',
        method: 'open',
        params: { session: name, stream: { ...eeg, sfreq: 1e300 } },
      });
  },
  '20 samples at 1e-6 Hz': async (started, name) => {
    const { client, id } = await opened(started, name, { sfreq: 1e-6 });
    const times = Float64Array.from({ length: 20 }, (_, i) => i / 10);
    return (round) =>
      client.send(
        frame(
          id,
          round,
          rows(20, 1),
          times.map((t) => t + 4 * round),
        ),
      );
  },
  'stamps 59.5 s apart': async (started, name) => {
    const { client, id } = await opened(started, name, { sfreq: 0 });
    const times = Float64Array.from({ length: 100 }, (_, i) => 59.5 * i);
    return (round) =>
      client.send(
        frame(
          id,
          round,
          rows(100, 1),
          times.map((t) => t + 5950 * round),
        ),
      );
  },
  'stamps 7.9 s apart': async (started, name) => {
    const { client, id } = await opened(started, name, { sfreq: 0 });
    const times = Float64Array.from({ length: 400 }, (_, i) => 7.9 * i);
    return (round) =>
      round < 3 &&
      client.send(
        frame(
          id,
          round,
          rows(400, 1),
          times.map((t) => t + 3160 * round),
        ),
      );
  },
  'a push of 2 MB': async (started, name) => {
    const { client, id } = await opened(started, name);
    const data = Array.from({ length: 60_000 }, (_, i) => [Math.sin(i), 0.1234567890123]);
    const text = JSON.stringify({
      jsonrpc: '2.0',
      method: 'push',
      params: { stream: id, seq: 0, t0: 0, data },
    });
    expect(text.length).toBeGreaterThan(2e6);
    return (round) => round % 4 === 0 && client.send(text);
  },
  'a quarter of an hour in one message': async (started, name) => {
    const { client, id } = await opened(started, name);
    return (round) => round === 0 && client.send(frame(id, 0, rows(65_536, 1), 0));
  },
  'three million values that wait to be placed, and go on together': async (started, name) => {
    const first = await opened(started, name, { name: 'skin', type: 'EDA', unit: 'uS' });
    first.client.send(frame(first.id, 0, rows(64, 1), 0));
    const [rate_hz, width, n] = [16_384, 16, 32_768];
    const channels = Array.from({ length: width }, (_, c) => `c${c}`);
    const { client, id } = await opened(started, name, { sfreq: rate_hz, channels }, { clock: 'device' });
    return (round) => {
      if (round > 0) return;
      for (let seq = 0; seq < 6; seq++) {
        const data = new Float32Array(width * n);
        client.send(encodeSamples({ stream: id, seq, t0: (seq * n) / rate_hz, times: null, data }, width));
      }
    };
  },
  'samples that share a stamp': async (started, name) => {
    const { client, id } = await opened(started, name, { sfreq: 0 });
    return (round) => round < 6 && client.send(frame(id, round, rows(65_536, 1), new Float64Array(65_536)));
  },
  'a gap before each sample': async (started, name) => {
    const { client, id } = await opened(started, name, { sfreq: 1e6 });
    const times = Float64Array.from({ length: 20_000 }, (_, i) => i / 1000);
    return (round) => client.send(frame(id, round, rows(20_000, 1), times));
  },
  'garbage, until it is cut off': async (started) => {
    const client = await started.connect('/v1/ingest');
    return (round) => {
      if (client.socket.readyState !== client.socket.OPEN) return;
      for (const text of [
        '{',
        '[]',
        '"',
        `{"jsonrpc":"2.0","method":"open","params":${'['.repeat(1000)}`,
        new Uint8Array(7),
      ])
        client.send(
          round % 2 ? text : { jsonrpc: '2.0', method: 'push', params: { stream: 0, seq: 0, data: text } },
        );
    };
  },
  'streams without end': async (started, name) => {
    const { client } = await opened(started, name);
    return (round) => {
      for (let k = 0; k < 60; k++)
        client.notify('open', { session: `${name} ${k}`, stream: { ...eeg, name: `cap ${round} ${k}` } });
    };
  },
  'a session that opens and closes': async (started, name) => {
    const { client, id } = await opened(started, name);
    client.send(frame(id, 0, rows(1, 1), 0));
    return () => {
      for (let k = 0; k < 20; k++) {
        client.notify('open', { session: name, resume: false, stream: eeg });
        client.notify('close', { stream: id + k + 1 });
      }
    };
  },
  'markers without end': async (started, name) => {
    const { client, id } = await opened(started, name, { type: 'Markers', sfreq: 0, channels: ['text'] });
    return (round) => {
      const n = 1000;
      const times = Array.from({ length: n }, (_, i) => round + i / n);
      const data = times.map((t) => [`anchor:${t}${'x'.repeat(1000)}`]);
      client.notify('push', { stream: id, seq: round, times, data });
    };
  },
};

const network = { clock, config: loadConfig(), events: () => {} };

/** A headset on the network that is heard; it sends what a round measures, up to the time that is given. */
async function healthyOutlet(): Promise<(round: number, until: number) => void> {
  const outlet = await Outlet.create(network, {
    ...{ name: 'cap', type: 'EEG', channelCount: 2, nominalRate_hz: RATE_HZ, sourceId: 'healthy' },
    description: [channelsElement(['Fz', 'Cz'].map((label) => ({ label, unit: 'microvolts', type: 'EEG' })))],
  });
  cleanups.push(() => outlet.close());
  while (outlet.consumers === 0) await passUntil(clock.now() + STEP_S);
  return (round, until) =>
    outlet.push(
      measured(round, HEALTHY.indexOf(LSL)),
      Float64Array.from({ length: 32 }, (_, i) => until + (i - 32) / RATE_HZ),
    );
}

/** Outlets on the network that mean ill. */
async function hostileOutlets(): Promise<(round: number) => void> {
  const odd = channelsElement(
    ['Fz', 'Cz'].map((label) => ({ label, unit: 'constructor', type: '__proto__' })),
  );
  const described = [
    { name: 'fast', nominalRate_hz: 1e9 },
    { name: 'wide', channelCount: 5000 },
    { name: 'odd unit', description: [odd] },
    { name: 'long', description: [xmlElement('note', 'x'.repeat(2 << 20))] },
    { name: 'slow', nominalRate_hz: 1e-6 },
    { name: 'silent', nominalRate_hz: 256 },
    { name: 'far', nominalRate_hz: 0 },
  ];
  const outlets = await Promise.all(
    described.map((more) =>
      Outlet.create(network, {
        type: 'EEG',
        channelCount: 2,
        nominalRate_hz: RATE_HZ,
        sourceId: more.name,
        ...more,
      }),
    ),
  );
  for (const outlet of outlets) cleanups.push(() => outlet.close());
  const far = outlets[described.length - 1];
  return (round) => {
    // Who delivers first feeds the source.
    if (round === 0) return;
    const now = clock.now();
    for (const outlet of outlets.filter(({ info }) => info.channelCount === 2 && info.name !== 'silent')) {
      const n = outlet === far ? 100 : 16;
      const step_s = outlet === far ? 59.5 : 1 / RATE_HZ;
      outlet.push(
        new Float32Array(2 * n).fill(round),
        Float64Array.from({ length: n }, (_, i) => now + step_s * (i - n)),
      );
    }
  };
}

/** Five sessions whose senders go in lock-step; what a subscriber hears of each, and what else was seen. */
async function run(areHostile: boolean) {
  const started = await start();
  const { daemon, events, connect } = started;
  const listener = await connect('/v1/stream');
  const heard = new Map<string, string[]>(HEALTHY.map((session) => [session, []]));
  const closed = new Set<string>();
  let whole = (): void => {};
  const all = new Promise<void>((resolve) => {
    whole = resolve;
  });
  listener.socket.on('message', (data) => {
    const { session, time_unix: _, age_ms: __, run: ___, ...rest } = JSON.parse(String(data));
    // What stays silent after the last round is heard for as long as the session is open.
    if (session !== LSL || rest.time < ROUNDS * ROUND_S) heard.get(session)?.push(JSON.stringify(rest));
    if (rest.event?.code === 'session-closed' && SOCKETS.includes(session)) closed.add(session);
    if (closed.size === SOCKETS.length) whole();
  });
  const streams = ['affect', 'features', 'quality'];
  for (const session of SOCKETS)
    listener.notify('subscribe', { session, policy: 'buffer', streams: [...streams, 'sys'] });
  // Of a session it is told what others open in it.
  listener.notify('subscribe', { session: LSL, policy: 'buffer', streams });
  const push = await healthyOutlet();
  const senders = await Promise.all(
    SOCKETS.map(async (session) => {
      const client = await connect('/v1/ingest');
      return { client, id: await client.open(eeg, { session }) };
    }),
  );
  let refused = '';
  const acts: ((round: number) => unknown)[] = [];
  if (areHostile) {
    for (const [name, hostile] of Object.entries(hostiles)) acts.push(await hostile(started, `bad ${name}`));
    acts.push(await hostileOutlets());
    acts.push((round) => {
      if (round !== 10) return;
      const missing = `\n  gone: { type: recording, path: ${join(folder, 'gone.xdf')}, stream_type: PPG }`;
      daemon.replace(loaded(missing)).catch((error: Error) => {
        refused = error.message;
      });
    });
  }
  // Stamps that a double holds whole are the same from the session's zero on, whenever it is.
  const began = Math.ceil(clock.now());
  for (let round = 0; round < ROUNDS; round++) {
    const until = began + ROUND_S * (round + 1);
    await passUntil(until);
    push(round, until);
    for (const act of acts) act(round);
    for (const [k, { client, id }] of senders.entries()) {
      client.send(frame(id, round, measured(round, k), round / 2));
      expect(await client.next()).toEqual({
        jsonrpc: '2.0',
        method: 'ack',
        params: { stream: id, seq: round },
      });
    }
  }
  await passUntil(clock.now() + ROUND_S);
  for (const { client, id } of senders) await client.request('close', { stream: id });
  await all;
  const health = await fetch(`${daemon.server.url}healthz`);
  return { heard, events, refused, most: started.most, isAlive: health.ok };
}

it('hostile clients and outlets of every kind change no byte of five sessions beside them, over LSL, too, and bound the work of a turn', async () => {
  const plain = await run(false);
  await cleanUp();
  const beside = await run(true);
  for (const session of HEALTHY) {
    const lines = plain.heard.get(session)!;
    // LSL tells nobody that a stream ended: the last window waits for more.
    const windows = session === LSL ? 16 : 17;
    for (const stream of ['features', 'affect'])
      expect(
        lines.filter((line) => line.includes(`"stream":"${stream}"`)),
        `${stream} of ${session}`,
      ).toHaveLength(windows);
    expect(lines.join()).toMatch(/"valence":-?0\.\d/);
    expect(beside.heard.get(session), session).toEqual(lines);
  }
  expect(beside.isAlive).toBe(true);
  for (const what of ['windows', 'messages'] as const) {
    expect(beside.most[what], what).toBeGreaterThan(5);
    expect(beside.most[what], what).toBeLessThanOrEqual(MOST_UNITS);
  }
  expect(beside.most.values).toBeGreaterThan(MOST_VALUES_A_UNIT);
  expect(beside.most.values).toBeLessThanOrEqual(MOST_UNITS * MOST_VALUES_A_UNIT);
  const codes = new Set(beside.events.map(({ code }) => code));
  for (const code of ['session-failed', 'stream-ignored', 'stamp-outlier'] as const)
    expect([...codes]).toContain(code);
  expect(beside.refused).toContain('gone.xdf');
  expect(codes).not.toContain('connection-failed');
}, 240_000);
