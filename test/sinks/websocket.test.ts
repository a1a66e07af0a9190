import { afterEach, describe, expect, it } from 'vitest';
import { VirtualClock } from '../../src/core/clock.js';
import type { Prediction } from '../../src/protocol/output.js';
import { outputSchemas } from '../../src/protocol/output.js';
import { WebSocketSink } from '../../src/sinks/websocket.js';
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
    daemon.sink.publish({ stream: 'sys', session: 's2', seq: 0, time: null, event: { code: 'gap-found', level: 'info', message: 'x' } }); // biome-ignore format: one message
    expect([(await all.next()).session, (await all.next()).session]).toEqual(['s1', 's2']);
    expect((await one.next()).session).toBe('s2');
    expect(all.waiting + one.waiting).toBe(0);
  });

  it('come explained to those who ask, and to others as if nobody had', async () => {
    await start({ clock: new VirtualClock(0, 1_700_000_000) });
    const [plain, other, explained] = [await connect(), await connect(), await connect()];
    const texts: string[] = [];
    plain.socket.on('message', (data) => texts.push(String(data)));
    expect(daemon.sink.explains('s1')).toBe(false);
    await plain.request('subscribe', { streams: ['affect', 'sys'] });
    await other.request('subscribe', { streams: ['affect'], session: 's2', explain: true });
    expect([daemon.sink.explains('s1'), daemon.sink.explains('s2')]).toEqual([false, true]);
    await explained.request('subscribe', { streams: ['affect'], explain: true });
    expect(daemon.sink.explains('s1')).toBe(true);
    const contribution = { eeg: { valence: 0.1, arousal: -0.02 } };
    daemon.sink.publish(prediction(1, { contribution }));
    daemon.sink.publish(prediction(1));
    expect((await explained.next()).contribution).toEqual(contribution);
    expect(await explained.next()).not.toHaveProperty('contribution');
    for (let i = 0; i < 2; i++) await plain.next();
    // The message that others have explained, and the same that nobody wanted explained.
    const [told, wanted] = texts.filter((text) => text.includes('"valence":'));
    expect(told).toBe(wanted);
    // Who comes late gets the newest as it asks for it.
    daemon.sink.publish(prediction(2, { contribution }));
    const late = await connect();
    await late.request('subscribe', { streams: ['affect'], policy: 'latest', explain: true });
    expect((await late.next()).contribution).toEqual(contribution);
    await late.request('subscribe', { streams: ['affect'], policy: 'latest' });
    expect(await late.next()).not.toHaveProperty('contribution');
    await explained.next();
    await explained.request('unsubscribe', { streams: ['affect'] });
    expect(daemon.sink.explains('s1')).toBe(false);
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
    daemon.sink.publish({ stream: 'sys', session: 's1', seq: 0, time: null, event: { code: 'gap-found', level: 'info', message: 'x' } }); // biome-ignore format: one message
    const [first, second, sys] = [await client.next(), await client.next(), await client.next()];
    expect(first).toEqual({ ...prediction(0), time_unix: 1000, age_ms: 0 });
    expect(second).toEqual({ ...prediction(1), time_unix: 1000.5, age_ms: 250 });
    expect(sys).toMatchObject({ time: null, time_unix: 1000.75, age_ms: 0 });
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
      { session: 'lab' },
    );
    const push = (stream: number, seq: number, t0: number, data: unknown) =>
      device.request('push', { stream, seq, times: [t0], data: [data] });
    await push(eeg, 0, 50, [1.1, null]);
    await push(cues, 0, 50.5, ['go']);
    const messages = [await early.next(), await early.next(), await early.next(), await early.next()];
    for (const message of messages) expect(outputSchemas.signals.safeParse(message).error).toBeUndefined();
    expect(
      messages.map(({ seq, kind, id, zero, time, times, data }) => [seq, kind, id, zero, time, times, data]),
    ).toEqual([
      [0, 'open', 'headset', null, null, undefined, undefined],
      [1, 'samples', 'headset', 50, 0, [50], [[1.1, null]]],
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
    daemon.sink.publish({ stream: 'sys', session: 's2', seq: 0, time: null, event: { code: 'session-closed', level: 'info', message: 'x' } }); // biome-ignore format: one message
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
    await start();
    const slow = await stalled('buffer');
    const quick = await connect();
    await quick.request('subscribe', { streams: ['affect'], policy: 'buffer' });
    await publishAll(quick);
    const { seqs, dropped } = await readAll(slow);
    expect(seqs).toEqual(Array.from({ length: total }, (_, i) => i));
    expect(dropped).toEqual([]);
  });

  it('of policy buffer are closed with 1013 on overflow', async () => {
    await start({ stream: { buffer_messages: 20 } });
    const slow = await stalled('buffer');
    const quick = await connect();
    await quick.request('subscribe', { streams: ['affect'], policy: 'latest' });
    for (let seq = 0; seq < total; seq++) daemon.sink.publish(heavy(seq));
    slow.socket.resume();
    expect(await slow.closed).toEqual({ code: 1013, reason: 'subscriber-overflow' });
    await until(() => daemon.sink.subscribers === 1);
    daemon.sink.publish(prediction(total));
    for (;;) if ((await quick.next()).seq === total) break;
  });
});
