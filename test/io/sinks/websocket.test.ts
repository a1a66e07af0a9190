import { afterEach, describe, expect, it } from 'vitest';
import { VirtualClock } from '../../../src/core/clock.js';
import type { Prediction } from '../../../src/io/protocol/output.js';
import { outputSchemas } from '../../../src/io/protocol/output.js';
import { WebSocketSink } from '../../../src/io/sinks/websocket.js';
import { chunkOf, streamInfo } from '../../../src/testing/stream-fixtures.js';
import { type Daemon, type DaemonOptions, RawClient, startDaemon, until } from '../server/daemon.js';

let daemon: Daemon;
const clients: RawClient[] = [];

async function start(options: DaemonOptions = {}): Promise<void> {
  daemon = await startDaemon(options);
}

async function connect(): Promise<RawClient> {
  const client = await RawClient.connect(daemon, '/v1/stream');
  clients.push(client);
  return client;
}

afterEach(async () => {
  for (const client of clients.splice(0)) client.socket.terminate();
  await daemon.stop();
});

const prediction = (seq: number, more: Partial<Prediction> = {}): Prediction => ({
  stream: 'affect',
  session: 's1',
  node: 'affect',
  seq,
  time: 4 + seq / 2,
  window: [seq / 2, 4 + seq / 2],
  valence: 0.12,
  arousal: -0.3,
  interval: null,
  modalities: { eeg: { present: true, coverage: 1, weight: 1 } },
  valid: true,
  reason: null,
  evidence: 'simulated',
  model: 'demo@sha256:00',
  pipeline: 'sha256:00',
  ...more,
});

/** A prediction of about 100 kB, so that a few fill a socket. */
const heavy = (seq: number) => prediction(seq, { model: 'x'.repeat(100_000) });

describe('subscriptions', () => {
  it('get what they asked for, of the sessions they asked for', async () => {
    await start();
    const [all, one] = [await connect(), await connect()];
    expect((await all.request('subscribe', { streams: ['affect', 'mood', 'affect'] })).result).toEqual({
      success: [{ stream: 'affect', session: '*', policy: 'drop-oldest' }],
      failure: [{ stream: 'mood', code: 'unknown-stream-name', message: expect.stringContaining('affect') }],
    });
    await one.request('subscribe', { streams: ['affect'], session: 's2', policy: 'buffer' });
    daemon.sink.publish(prediction(0));
    daemon.sink.publish(prediction(0, { session: 's2' }));
    daemon.sink.publish({ stream: 'sys', session: 's2', time: null, event: { code: 'gap-found', level: 'info', message: 'x' } }); // biome-ignore format: one message
    expect([(await all.next()).session, (await all.next()).session]).toEqual(['s1', 's2']);
    expect((await one.next()).session).toBe('s2');
    expect(all.waiting + one.waiting).toBe(0);
  });

  it('come explained to those who ask, and to others as if nobody had', async () => {
    await start({ clock: new VirtualClock(0, 1_700_000_000) });
    const [plain, other, explained] = [await connect(), await connect(), await connect()];
    const texts: string[] = [];
    plain.socket.on('message', (data) => texts.push(String(data)));
    expect(daemon.sink.explains('s1', 'affect')).toBe(false);
    await plain.request('subscribe', { streams: ['affect', 'sys'] });
    await other.request('subscribe', { streams: ['affect'], session: 's2', explain: true });
    expect([daemon.sink.explains('s1', 'affect'), daemon.sink.explains('s2', 'affect')]).toEqual([
      false,
      true,
    ]);
    await explained.request('subscribe', { streams: ['affect'], explain: true });
    expect(daemon.sink.explains('s1', 'affect')).toBe(true);
    const contribution = { eeg: { valence: 0.1, arousal: -0.02 } };
    daemon.sink.publish(prediction(1, { contribution }));
    daemon.sink.publish(prediction(1, { seq: 2 }));
    expect((await explained.next()).contribution).toEqual(contribution);
    expect(await explained.next()).not.toHaveProperty('contribution');
    for (let i = 0; i < 2; i++) await plain.next();
    // The message that others have explained, and the same that nobody wanted explained.
    const [told, wanted] = texts.filter((text) => text.includes('"valence":'));
    expect(told.replace('"seq":1,', '"seq":2,')).toBe(wanted);
    // Who comes late gets the newest as it asks for it.
    daemon.sink.publish(prediction(3, { contribution }));
    const late = await connect();
    await late.request('subscribe', { streams: ['affect'], policy: 'latest', explain: true });
    expect((await late.next()).contribution).toEqual(contribution);
    await late.request('subscribe', { streams: ['affect'], policy: 'latest' });
    expect(await late.next()).not.toHaveProperty('contribution');
    await explained.next();
    await explained.request('unsubscribe', { streams: ['affect'] });
    expect(daemon.sink.explains('s1', 'affect')).toBe(false);
  });

  it('deliver once where two match, and end', async () => {
    await start();
    const client = await connect();
    await client.request('subscribe', { streams: ['affect'] });
    await client.request('subscribe', { streams: ['affect'], session: 's1' });
    daemon.sink.publish(prediction(0));
    expect((await client.next()).seq).toBe(0);
    const ended = await client.request('unsubscribe', { streams: ['affect', 'sys'], session: 's1' });
    expect(ended.result).toMatchObject({
      success: [{ stream: 'affect', session: 's1' }],
      failure: [{ stream: 'sys', code: 'not-subscribed' }],
    });
    await client.request('unsubscribe', { streams: ['affect'] });
    daemon.sink.publish(prediction(1));
    expect((await client.request('subscribe', { streams: ['sys'] })).result).toBeDefined();
  });

  it('carry what the schema says, with wall-clock time', async () => {
    const clock = new VirtualClock(0, 1000);
    await start({ clock });
    const client = await connect();
    await client.request('subscribe', { streams: ['affect', 'sys'] });
    daemon.sink.publish(prediction(0));
    clock.advance(0.75);
    daemon.sink.publish(prediction(1));
    daemon.sink.publish({ stream: 'sys', session: 's1', time: null, event: { code: 'gap-found', level: 'info', message: 'x' } }); // biome-ignore format: one message
    const [first, second, sys] = [await client.next(), await client.next(), await client.next()];
    expect(first).toEqual({ ...prediction(0), run: 'r', time_unix: 1000, age_ms: 0 });
    expect(second).toEqual({ ...prediction(1), run: 'r', time_unix: 1000.5, age_ms: 250 });
    expect(sys).toMatchObject({ seq: 0, run: 'r', time: null, time_unix: 1000.75, age_ms: 0 });
    for (const message of [first, second]) expect(outputSchemas.affect.safeParse(message).success).toBe(true);
    expect(outputSchemas.sys.safeParse(sys).success).toBe(true);
  });

  it('hand out what devices push, with what is open already for those who come late', async () => {
    await start({ clock: new VirtualClock(0, 1000) });
    const early = await connect();
    await early.request('subscribe', { streams: ['signals'], policy: 'buffer' });
    const device = await RawClient.connect(daemon, '/v1/ingest');
    clients.push(device);
    const eeg = await device.open({}, { session: 'lab' });
    const cues = await device.open(
      { name: 'cues', type: 'Markers', sfreq: 0, channels: ['cue'] },
      { session: 'lab', clock: 'session' },
    );
    const push = (stream: number, seq: number, times: number[], data: unknown) =>
      device.request('push', { stream, seq, times, data });
    await push(eeg, 0, [50, 50.1, 50.2], [[1.1, null], [1, 2], [3, 4]]); // biome-ignore format: rows
    await push(cues, 0, [50.5], [['go']]);
    const messages = [await early.next(), await early.next(), await early.next(), await early.next()];
    for (const message of messages) expect(outputSchemas.signals.safeParse(message).error).toBeUndefined();
    expect(
      messages.map(({ seq, kind, id, zero, time, times, data }) => [seq, kind, id, zero, time, times, data]),
    ).toEqual([
      [0, 'open', 'headset', null, null, undefined, undefined],
      [
        1,
        'samples',
        'headset',
        50,
        0,
        [50, 50.1, 50.2],
        [
          [1.1, null],
          [1, 2],
          [3, 4],
        ],
      ],
      [2, 'open', 'cues', 50, null, undefined, undefined],
      [3, 'samples', 'cues', 50, 0.5, [50.5], [['go']]],
    ]);
    expect(messages[0].info).toMatchObject({
      name: 'headset',
      type: 'EEG',
      sfreq: 10,
      channels: [{ label: 'Fp1', unit: 'uV' }, { label: 'Fp2' }],
    });
    const late = await connect();
    await late.request('subscribe', { streams: ['signals'], session: 'lab', policy: 'buffer' });
    expect([await late.next(), await late.next()].map(({ kind, id }) => [kind, id])).toEqual([
      ['open', 'headset'],
      ['open', 'cues'],
    ]);
    await device.kill();
    expect([await late.next(), await late.next()].map(({ kind, id }) => [kind, id])).toEqual([
      ['close', 'headset'],
      ['close', 'cues'],
    ]);
  });

  it('hand out all signals at a rate that is asked for, with the last minute, and what is pushed to others as before', async () => {
    await start();
    const [raw, watching] = [await connect(), await connect()];
    await raw.request('subscribe', { streams: ['signals'], policy: 'buffer' });
    const asked = await watching.request('subscribe', {
      ...{ streams: ['signals'], session: 's1', policy: 'buffer', max_points_per_s: 60 },
    });
    expect(asked.result).toMatchObject({ success: [{ stream: 'signals', points_per_s: 50 }] });
    const info = streamInfo({ type: 'EEG', sfreq: 500, labels: ['Cz'], unit: 'uV' });
    const chunk = chunkOf(info, [Array.from({ length: 500 }, (_, i) => i)], 7);
    // One that is had elsewhere, and one that is pushed here.
    for (const [id, isPushed] of [
      ['lsl', false],
      ['pushed', true],
    ] as const) {
      // biome-ignore format: rows
      const own = { ...info, id };
      daemon.sink.publishSignals('s1', { kind: 'open', info: own }, isPushed);
      if (!isPushed) daemon.sink.publishSignals('s1', { kind: 'zero', time: 7 });
      daemon.sink.publishSignals('s1', { kind: 'chunk', chunk: { ...chunk, info: own } }, isPushed);
    }
    const pushed = [await raw.next(), await raw.next()];
    expect(pushed.map(({ seq, id, kind }) => [seq, id, kind])).toEqual([
      [0, 'pushed', 'open'],
      [1, 'pushed', 'samples'],
    ]);
    const told = [];
    for (let i = 0; i < 4; i++) told.push(await watching.next());
    for (const message of told) expect(outputSchemas.signals.safeParse(message).error).toBeUndefined();
    expect(told.map(({ seq, id, kind }) => [seq, id, kind])).toEqual([
      [0, 'lsl', 'open'],
      [1, 'lsl', 'bins'],
      [2, 'pushed', 'open'],
      [3, 'pushed', 'bins'],
    ]);
    expect(told[1].bins).toMatchObject({ per_s: 50, first: 0, gaps: [] });
    expect((told[1].bins as { least: unknown[] }).least).toEqual(
      Array.from({ length: 49 }, (_, k) => [10 * k]),
    );
    const late = await connect();
    await late.request('subscribe', {
      ...{ streams: ['signals'], session: 's1', policy: 'buffer', max_points_per_s: 10 },
    });
    const past = [];
    for (let i = 0; i < 4; i++) past.push(await late.next());
    expect(past.map(({ id, kind, past: isPast }) => [id, kind, isPast])).toEqual([
      ['lsl', 'open', undefined],
      ['pushed', 'open', undefined],
      ['lsl', 'bins', true],
      ['pushed', 'bins', true],
    ]);
    for (const params of [
      { streams: ['affect'], max_points_per_s: 10 },
      { streams: ['signals'], max_points_per_s: 0 },
    ])
      expect((await late.request('subscribe', params)).error?.data.code).toBe('invalid-params');
  });

  it('place signals by the session’s zero where it is told', async () => {
    await start();
    const client = await connect();
    await client.request('subscribe', { streams: ['signals'], policy: 'buffer' });
    const info = streamInfo({ type: 'EEG', sfreq: 10, labels: ['Cz'], unit: 'uV' });
    daemon.sink.publishSignals('s1', { kind: 'open', info });
    daemon.sink.publishSignals('s1', { kind: 'zero', time: 50.5 });
    daemon.sink.publishSignals('s1', { kind: 'chunk', chunk: chunkOf(info, [[1]], 50) });
    expect(
      [await client.next(), await client.next()].map(({ seq, zero, time }) => [seq, zero, time]),
    ).toEqual([
      [0, null, null],
      [1, 50.5, -0.5],
    ]);
    // The last stream is cut, and the session goes on.
    daemon.sink.publishSignals('s1', { kind: 'close', id: info.id, cut: true });
    daemon.sink.publishSignals('s1', { kind: 'open', info });
    expect([await client.next(), await client.next()].map(({ seq, zero }) => [seq, zero])).toEqual([
      [2, 50.5],
      [3, 50.5],
    ]);
    daemon.sink.ended('s1');
    daemon.sink.publishSignals('s1', { kind: 'open', info });
    expect([await client.next()].map(({ seq, zero }) => [seq, zero])).toEqual([[0, null]]);
  });

  it('take wall-clock time from who knows it', async () => {
    await start();
    const clock = new VirtualClock(0, 1000);
    const sent: string[] = [];
    const sink = new WebSocketSink({ clock, events: () => {}, unixOf: (_session, time) => 990 + time });
    const socket = {
      on: () => {},
      readyState: 1,
      OPEN: 1,
      send: (bytes: Buffer) => sent.push(String(bytes)),
    };
    const handlers: Record<string, (data: Buffer, isBinary: boolean) => void> = {};
    socket.on = ((event: string, handler: never) => {
      handlers[event] = handler;
    }) as never;
    sink.accept(socket as never, 'test');
    handlers.message(
      Buffer.from('{"jsonrpc":"2.0","id":1,"method":"subscribe","params":{"streams":["affect"]}}'),
      false,
    );
    sink.publish(prediction(0));
    expect(JSON.parse(sent[1])).toMatchObject({ time_unix: 994, age_ms: 6000 });
  });

  it('of policy latest start with the current value of each session, unless it ended', async () => {
    await start();
    for (const session of ['s1', 's2']) daemon.sink.publish(prediction(0, { session }));
    daemon.sink.publish(prediction(1));
    daemon.sink.publish({ stream: 'sys', session: 's2', time: null, event: { code: 'session-closed', level: 'info', message: 'x' } }); // biome-ignore format: one message
    daemon.sink.ended('s2');
    const client = await connect();
    await client.request('subscribe', { streams: ['affect'], policy: 'latest' });
    expect(await client.next()).toMatchObject({ session: 's1', seq: 1 });
    const queued = await connect();
    await queued.request('subscribe', { streams: ['affect'], policy: 'drop-oldest' });
    daemon.sink.publish(prediction(2));
    expect((await queued.next()).seq).toBe(2);
    expect((await client.next()).seq).toBe(2);
  });

  it.each([
    ['binary-unexpected', Uint8Array.of(1, 2, 3)],
    ['parse-error', 'no'],
    ['unknown-method', { jsonrpc: '2.0', id: 1, method: 'push', params: {} }],
    ['invalid-params', { jsonrpc: '2.0', id: 1, method: 'subscribe', params: { streams: 'affect' } }],
    [
      'invalid-params',
      { jsonrpc: '2.0', id: 1, method: 'subscribe', params: { streams: ['affect'], policy: 'x' } },
    ],
  ])('answer %s and go on', async (code, wrong) => {
    await start();
    const client = await connect();
    await client.request('subscribe', { streams: ['affect'] });
    client.send(wrong);
    expect((await client.nextError()).code).toBe(code);
    daemon.sink.publish(prediction(0));
    expect((await client.next()).seq).toBe(0);
  });

  it('are limited', async () => {
    await start({ stream: { max_subscriptions: 2, max_frame_bytes: 1000 } });
    const client = await connect();
    const answer = await client.request('subscribe', { streams: ['affect', 'sys', 'quality'] });
    expect(answer.result?.failure).toMatchObject([{ stream: 'quality', code: 'too-many-subscriptions' }]);
    client.send('x'.repeat(2000));
    expect((await client.closed).code).toBe(1009);
  });
});

describe('two nodes of one session', () => {
  const of = (node: string, seq: number) => prediction(seq, { node });

  it('are both current, and numbered as their nodes number them, whoever listens to what', async () => {
    await start();
    const [one, all] = [await connect(), await connect()];
    const asked = { streams: ['affect', 'quality'], nodes: ['b'] };
    expect((await one.request('subscribe', asked)).result?.success).toEqual([
      { stream: 'affect', session: '*', policy: 'drop-oldest', nodes: ['b'] },
      { stream: 'quality', session: '*', policy: 'drop-oldest', nodes: ['b'] },
    ]);
    await all.request('subscribe', { streams: ['affect', 'quality'] });
    for (const seq of [0, 1]) {
      daemon.sink.publish(of('a', seq));
      daemon.sink.publish(of('b', seq));
      // No node makes it: it comes whatever nodes were asked for.
      daemon.sink.publish({ stream: 'quality', session: 's1', time: 4 + seq, inputs: {} });
    }
    const heard = async (client: RawClient, count: number) => {
      const messages = [];
      for (let i = 0; i < count; i++) messages.push(await client.next());
      return messages.map(({ stream, node, seq }) => `${stream} ${node ?? '-'} ${seq}`);
    };
    const whole = ['affect a 0', 'affect b 0', 'quality - 0', 'affect a 1', 'affect b 1', 'quality - 1'];
    expect(await heard(all, 6)).toEqual(whole);
    expect(await heard(one, 4)).toEqual(whole.filter((text) => !text.includes(' a ')));
    const late = await connect();
    await late.request('subscribe', { streams: ['affect'], policy: 'latest' });
    expect(await heard(late, 2)).toEqual(['affect a 1', 'affect b 1']);
    const picky = await connect();
    await picky.request('subscribe', { streams: ['affect'], policy: 'latest', nodes: ['a'] });
    expect(await heard(picky, 1)).toEqual(['affect a 1']);
  });

  it('are explained where somebody wants just that', async () => {
    await start();
    const client = await connect();
    await client.request('subscribe', { streams: ['affect'], nodes: ['b'], explain: true });
    expect(['a', 'b'].map((node) => daemon.sink.explains('s1', node))).toEqual([false, true]);
  });

  it('are counted apart from what a late subscriber is told again', async () => {
    await start();
    const device = await RawClient.connect(daemon, '/v1/ingest');
    clients.push(device);
    const eeg = await device.open({}, { session: 'lab' });
    const push = (seq: number) => device.request('push', { stream: eeg, seq, times: [seq], data: [[1, 2]] });
    await push(0);
    const early = await connect();
    await early.request('subscribe', { streams: ['signals'], policy: 'buffer' });
    expect((await early.next()).seq).toBe(0);
    await push(1);
    const late = await connect();
    await late.request('subscribe', { streams: ['signals'], policy: 'buffer' });
    await push(2);
    const numbers = async (client: RawClient) => [(await client.next()).seq, (await client.next()).seq];
    expect(await numbers(early)).toEqual([2, 3]);
    expect(await numbers(late)).toEqual([0, 3]);
  });
});

describe('a subscriber that comes back', () => {
  const clock = new VirtualClock(0, 1000);
  const of = (node: string, seq: number, more: Partial<Prediction> = {}) =>
    prediction(seq, { node, ...more });
  const closed = (session: string) => {
    daemon.sink.publish({ stream: 'sys', session, time: null, event: { code: 'session-closed', level: 'info', message: 'x' } }); // biome-ignore format: one message
    daemon.sink.ended(session);
  };
  const wants = { streams: ['affect'], session: 's1', policy: 'drop-oldest' };

  let ends = 0;

  async function told(params: object, count: number): Promise<string[]> {
    const client = await connect();
    expect((await client.request('subscribe', { ...wants, ...params })).result?.failure).toEqual([]);
    daemon.sink.publish(of('end', ends++));
    const lines: string[] = [];
    for (;;) {
      const { node, seq, run } = await client.next();
      if (node === 'end') break;
      lines.push(`${node} ${seq}${run === 'r' ? '' : ` ${run}`}`);
    }
    expect(lines, JSON.stringify(params)).toHaveLength(count);
    return lines;
  }

  it('hears what each node made meanwhile, in order, byte for byte as others heard it', async () => {
    await start({ clock });
    const [steady, texts] = [await connect(), [] as string[]];
    steady.socket.on('message', (data) => texts.push(String(data)));
    await steady.request('subscribe', { ...wants, streams: ['affect', 'sys'] });
    for (let seq = 0; seq < 200; seq++) {
      for (const node of ['a', 'b']) daemon.sink.publish(of(node, seq));
      daemon.sink.publish(of('a', seq, { session: 's2' }));
      daemon.sink.publish({ stream: 'sys', session: 's1', time: null, event: { code: 'gap-found', level: 'info', message: 'x' } }); // biome-ignore format: one message
      clock.advance(0.01);
      for (let i = 0; i < 3; i++) await steady.next();
    }
    // Far more than `drop-oldest` lets wait, and sent behind the response.
    const back = await connect();
    const own: string[] = [];
    back.socket.on('message', (data) => own.push(String(data)));
    await back.request('subscribe', {
      ...{ ...wants, streams: ['affect', 'sys'] },
      after: { run: 'r', a: 9, b: 11 },
    });
    const expected = texts.filter((text) => {
      const { stream, node, seq } = JSON.parse(text);
      return stream === 'affect' && seq > (node === 'a' ? 9 : 11);
    });
    for (let i = 0; i < expected.length; i++) await back.next();
    expect(own.slice(1)).toEqual(expected);
    expect(back.waiting).toBe(0);
  });

  it('hears nothing twice, and of nodes it asked for alone', async () => {
    await start({ clock });
    for (const seq of [0, 1, 2]) for (const node of ['a', 'b']) daemon.sink.publish(of(node, seq));
    expect(await told({ after: { run: 'r', a: 2, b: 2 } }, 0)).toEqual([]);
    expect(await told({ after: { run: 'r', a: 1, b: 0, end: 9 } }, 3)).toEqual(['b 1', 'a 2', 'b 2']);
    expect(await told({ after: { run: 'r', a: 1, b: 0 }, nodes: ['a', 'end'] }, 1)).toEqual(['a 2']);
    // Of a node that it never heard of, all that there is.
    expect(await told({ after: { run: 'r', a: 2, end: 9 } }, 3)).toEqual(['b 0', 'b 1', 'b 2']);
    // Policy `latest` begins with what was missed, not with what is newest.
    expect(await told({ after: { run: 'r', a: 2, b: 1, end: 9 }, policy: 'latest' }, 1)).toEqual(['b 2']);
  });

  it('hears the last minute, and a hole in the numbers tells of what is older', async () => {
    await start({ clock });
    for (let seq = 0; seq < 100; seq++) {
      clock.advance(1);
      daemon.sink.publish(of('a', seq));
    }
    const lines = await told({ after: { run: 'r', a: 3 } }, 61);
    expect([lines[0], lines.at(-1)]).toEqual(['a 39', 'a 99']);
    clock.advance(61);
    daemon.sink.publish(of('a', 0, { session: 's2' }));
    expect(await told({ after: { run: 'r', a: 3 } }, 0)).toEqual([]);
  });

  it('hears all of another run: a daemon’s, and a session’s that began anew under its name', async () => {
    await start({ clock });
    for (const seq of [0, 1, 2]) daemon.sink.publish(of('a', seq));
    expect(await told({ after: { run: 'yesterday', a: 7, end: 3 } }, 3)).toEqual(['a 0', 'a 1', 'a 2']);
    closed('s1');
    for (const seq of [0, 1]) daemon.sink.publish(of('a', seq));
    expect(await told({ after: { run: 'r', a: 1, end: 9 } }, 3)).toEqual(['a 2', 'a 0 r.1', 'a 1 r.1']);
    expect(await told({ after: { run: 'r.1', a: 0, end: 9 } }, 1)).toEqual(['a 1 r.1']);
  });

  it('hears of the run that its session goes on from what it had not heard, and what may be told otherwise now', async () => {
    await start({ clock });
    const lines = [0, 1, 2].map((seq) => of('a', seq));
    const next = new Map([
      ['a', 3],
      ['end', 10],
    ]);
    daemon.sink.goesOn('s1', { run: 'yesterday', next }, lines);
    for (const seq of [3, 4]) daemon.sink.publish(of('a', seq));
    for (const seq of [0, 1]) daemon.sink.publish(of('b', seq));
    const all = ['a 0', 'a 1', 'a 2', 'a 3', 'a 4', 'b 0', 'b 1'];
    expect(await told({ after: { run: 'the day before', a: 4 } }, 7)).toEqual(all);
    expect(await told({ after: { run: 'yesterday', a: 1, b: 9, end: 9 } }, 5)).toEqual(all.slice(2));
    expect(await told({ after: { run: 'yesterday', a: 4, end: 9 } }, 4)).toEqual(all.slice(3));
    expect(await told({ after: { run: 'r', a: 3, b: 1, end: 9 } }, 1)).toEqual(['a 4']);
  });

  it('is as good with one that reads slowly, and keeps nothing for one that gives up', async () => {
    await start({ clock });
    for (let seq = 0; seq < 300; seq++) daemon.sink.publish({ ...heavy(seq), node: 'a' });
    const slow = await connect();
    slow.socket.pause();
    for (const after of [{ run: 'r' }, { run: 'r', a: 99 }])
      slow.send({ jsonrpc: '2.0', id: 1, method: 'subscribe', params: { ...wants, after } });
    slow.socket.resume();
    const seqs: number[] = [];
    while (seqs.at(-1) !== 299) {
      const { stream, seq } = await slow.next();
      if (stream === 'affect') seqs.push(seq as number);
    }
    // What waited for the first subscription gave way to the second.
    expect(seqs.slice(-200)).toEqual(Array.from({ length: 200 }, (_, i) => 100 + i));
    expect(seqs.length).toBeLessThan(500);
  });

  it('must say of which session', async () => {
    await start({ clock });
    const client = await connect();
    client.send({
      ...{ jsonrpc: '2.0', id: 1, method: 'subscribe' },
      params: { streams: ['affect'], after: { run: 'r', a: 1 } },
    });
    const { error } = await client.next();
    expect([error?.data.code, error?.message]).toEqual([
      'invalid-params',
      expect.stringContaining('name it in `session`'),
    ]);
  });
});

describe('slow subscribers', () => {
  const total = 400;

  /** A client that is subscribed and has stopped reading, with its socket full. */
  async function stalled(policy: string): Promise<RawClient> {
    const client = await connect();
    await client.request('subscribe', { streams: ['affect'], policy });
    client.socket.pause();
    return client;
  }

  /** Publishes as fast as the quick client reads. */
  async function publishAll(quick: RawClient): Promise<number[]> {
    const seen: number[] = [];
    for (let seq = 0; seq < total; seq++) {
      daemon.sink.publish(heavy(seq));
      seen.push((await quick.next()).seq as number);
    }
    return seen;
  }

  async function readAll(
    client: RawClient,
  ): Promise<{ seqs: number[]; dropped: number[]; totals: number[] }> {
    client.socket.resume();
    const seqs: number[] = [];
    const dropped: number[] = [];
    const totals: number[] = [];
    while (seqs.at(-1) !== total - 1) {
      const message = await client.next();
      if (message.method === 'dropped') {
        dropped.push(message.params?.count as number);
        totals.push(message.params?.total as number);
      } else seqs.push(message.seq as number);
    }
    return { seqs, dropped, totals };
  }

  it.each([
    ['latest', 1],
    ['drop-oldest', 64],
  ])('of policy %s miss messages, are told, and delay nobody', async (policy, kept) => {
    await start();
    const slow = await stalled(policy);
    const quick = await connect();
    await quick.request('subscribe', { streams: ['affect'], policy: 'buffer' });
    expect(await publishAll(quick)).toEqual(Array.from({ length: total }, (_, i) => i));
    const { seqs, dropped, totals } = await readAll(slow);
    expect(seqs).toEqual([...seqs].sort((a, b) => a - b));
    expect(seqs.slice(-kept)).toEqual(Array.from({ length: kept }, (_, i) => total - kept + i));
    expect(dropped.reduce((sum, n) => sum + n, 0)).toBe(total - seqs.length);
    expect(totals.at(-1)).toBe(total - seqs.length);
    expect(seqs.length).toBeLessThan(total);
    expect(daemon.metricsOf('affectd_messages_dropped_total')).toBe(total - seqs.length);
    expect(daemon.metricsOf('affectd_messages_sent_total')).toBe(total + seqs.length);
  });

  it('of policy buffer get everything, until more waits than is buffered', async () => {
    await start({ stream: { queue_bytes: 64e6 } });
    const slow = await stalled('buffer');
    const quick = await connect();
    await quick.request('subscribe', { streams: ['affect'], policy: 'buffer' });
    await publishAll(quick);
    const { seqs, dropped } = await readAll(slow);
    expect(seqs).toEqual(Array.from({ length: total }, (_, i) => i));
    expect(dropped).toEqual([]);
  });

  it.each([{ buffer_messages: 20 }, { queue_bytes: 2e6 }])(
    'of policy buffer are closed with 1013 on overflow of %o',
    async (stream) => {
      await start({ stream });
      const slow = await stalled('buffer');
      const quick = await connect();
      await quick.request('subscribe', { streams: ['affect'], policy: 'latest' });
      for (let seq = 0; seq < total; seq++) daemon.sink.publish(heavy(seq));
      slow.socket.resume();
      expect(await slow.closed).toEqual({ code: 1013, reason: 'subscriber-overflow' });
      await until(() => daemon.sink.subscribers === 1);
      daemon.sink.publish(prediction(total));
      for (;;) if ((await quick.next()).seq === total) break;
    },
  );
});
