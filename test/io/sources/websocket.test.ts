import { afterEach, describe, expect, it } from 'vitest';
import { VirtualClock } from '../../../src/core/clock.js';
import { errorCodes } from '../../../src/io/protocol/error-code.js';
import { encodeSamples } from '../../../src/io/protocol/sample-frame.js';
import { StallWatch } from '../../../src/signal/timebase/stall-watch.js';
import { type Daemon, type DaemonOptions, RawClient, startDaemon, until } from '../server/daemon.js';

let daemon: Daemon;
const clients: RawClient[] = [];

async function start(options: DaemonOptions = {}): Promise<void> {
  daemon = await startDaemon(options);
}

async function connect(): Promise<RawClient> {
  const client = await RawClient.connect(daemon, '/v1/ingest');
  clients.push(client);
  return client;
}

afterEach(async () => {
  for (const client of clients.splice(0)) client.socket.terminate();
  await daemon.stop();
});

const declared = { name: 'headset', type: 'EEG', sfreq: 10, channels: ['Fp1', 'Fp2'], unit: 'uV' };

const binary = (stream: number, seq: number, t0: number, rows: number[][]) =>
  encodeSamples({ stream, seq, t0, times: null, data: Float32Array.from(rows.flat()) }, rows[0].length);

const ack = (stream: number, seq: number) => ({ jsonrpc: '2.0', method: 'ack', params: { stream, seq } });

describe('ingest', () => {
  it('takes binary and JSON frames, acknowledges each and emits chunks', async () => {
    await start();
    const client = await connect();
    const id = await client.open();
    client.send(binary(id, 0, 0, [[1, 2], [3, 4], [5, 6]])); // biome-ignore format: rows
    expect(await client.next()).toEqual(ack(id, 0));
    client.notify('push', { stream: id, seq: 1, t0: 0.3, data: [[5, null]] });
    expect(await client.next()).toEqual(ack(id, 1));
    expect(daemon.kinds()).toEqual(['open', 'chunk', 'chunk']);
    expect(daemon.received[1].message).toEqual({ kind: 'zero', time: 0, clock: 'session' });
    const [first, second] = daemon.chunks();
    expect(first.info).toMatchObject({ id: 'headset', type: 'EEG', sfreq: 10, aligned: 'clock' });
    expect(first.info.channels.map(({ label, unit }) => `${label} ${unit}`)).toEqual(['Fp1 uV', 'Fp2 uV']);
    expect([...first.data]).toEqual([1, 3, 5, 2, 4, 6]);
    expect([...first.times]).toEqual([0, 0.1, 0.2]);
    expect([...second.data]).toEqual([5, Number.NaN]);
    expect(first.gapBefore || second.gapBefore).toBe(false);
  });

  it('takes stamps that went on while the machine slept as they are, behind a gap', async () => {
    const clock = new VirtualClock(100);
    const stall = new StallWatch(clock, () => {});
    await start({ clock, stall });
    const client = await connect();
    const id = await client.open();
    for (const seq of [0, 1, 2]) {
      const t0 = seq * 0.3 + (seq === 2 ? 60 : 0);
      clock.advance(0.3);
      if (seq === 2) clock.sleep(60);
      client.send(binary(id, seq, t0, [[1, 2], [3, 4], [5, 6]])); // biome-ignore format: rows
      expect(await client.next()).toEqual(ack(id, seq));
    }
    const last = daemon.chunks().at(-1)!;
    expect([[...last.times], last.gapBefore]).toEqual([[60.6, 60.7, 60.8], true]);
    expect(daemon.events.map(({ code }) => code)).not.toContain('stamp-outlier');
    stall.stop();
  });

  it('answers a push that carries an id beside its ack', async () => {
    await start();
    const client = await connect();
    const id = await client.open();
    expect(await client.request('push', { stream: id, seq: 0, t0: 0, data: [[1, 2]] })).toEqual(ack(id, 0));
    expect(await client.next()).toEqual({ jsonrpc: '2.0', id: 2, result: { stream: id, seq: 0 } });
  });

  it('maps dialects: units to canonical ones, a GSR stream to EDA', async () => {
    await start();
    const client = await connect();
    const id = await client.open({ name: 'band', type: 'GSR', channels: [{ label: 'EDA', unit: 'S' }] });
    client.send(binary(id, 0, 0, [[2e-6]]));
    await client.next();
    const [chunk] = daemon.chunks();
    expect(chunk.info).toMatchObject({ type: 'EDA', channels: [{ unit: 'uS' }] });
    expect(chunk.data[0]).toBeCloseTo(2, 6);
  });

  it('tells where the screen is, of gaze alone', async () => {
    await start();
    const client = await connect();
    const screen = { width_px: 1920, height_px: 1080, width_m: 0.53, height_m: 0.3, distance_m: 0.65 };
    const channels = ['x', 'y'].map((label) => ({ label, unit: 'px' }));
    for (const stream of [{ name: 'tracker', type: 'Gaze', channels, screen }, { screen }]) {
      client.send(binary(await client.open(stream), 0, 0, [[1, 2]]));
      await client.next();
    }
    expect(daemon.chunks().map(({ info }) => info.screen)).toEqual([
      { ...screen, origin: 'top-left' },
      undefined,
    ]);
  });

  it('emits markers from text', async () => {
    await start();
    const client = await connect();
    const id = await client.open({ name: 'cues', type: 'Markers', sfreq: 0, channels: ['cue'] });
    client.notify('push', { stream: id, seq: 0, times: [1, 1.5], data: [['go'], ['stop']] });
    // Markers wait for a session to be in.
    const eeg = await client.open();
    client.send(binary(eeg, 0, 0.8, [[1, 2], [3, 4], [5, 6]])); // biome-ignore format: rows
    for (const acknowledged of [eeg, id]) expect(await client.next()).toEqual(ack(acknowledged, 0));
    expect(daemon.received.map(({ message }) => message).filter(({ kind }) => kind === 'marker')).toEqual([
      {
        kind: 'marker',
        marker: { stream: 'cues', time: 1, value: 'go' },
        frame: { seq: 0, from: 0, samples: 2, raw: 1 },
      },
      {
        kind: 'marker',
        marker: { stream: 'cues', time: 1.5, value: 'stop' },
        frame: { seq: 0, from: 1, samples: 2, raw: 1.5 },
      },
    ]);
  });

  it('makes infinite values missing ones', async () => {
    await start();
    const client = await connect();
    const id = await client.open();
    client.send(binary(id, 0, 0, [[Number.POSITIVE_INFINITY, 1]]));
    await client.next();
    expect([...daemon.chunks()[0].data]).toEqual([Number.NaN, 1]);
  });

  it('cuts chunks at gaps, within a frame and between frames', async () => {
    await start();
    const client = await connect();
    const id = await client.open({ channels: ['Fp1'] });
    client.notify('push', { stream: id, seq: 0, times: [0, 0.1, 0.5, 0.6], data: [[1], [2], [3], [4]] });
    client.notify('push', { stream: id, seq: 1, t0: 0.7, data: [[5]] });
    client.notify('push', { stream: id, seq: 2, t0: 1, data: [[6]] });
    for (let i = 0; i < 3; i++) await client.next();
    expect(daemon.chunks().map(({ data, gapBefore }) => [[...data], gapBefore])).toEqual([
      [[1, 2], false],
      [[3, 4], true],
      [[5], false],
      [[6], true],
    ]);
  });

  it('gives streams of one name ids of their own, says so, and closes by request', async () => {
    await start();
    const client = await connect();
    const a = await client.open({ source_id: 'left' }, { client: 'a' });
    const b = await client.open({ source_id: 'left' }, { client: 'a' });
    expect(daemon.events.at(-1)).toMatchObject({ code: 'stream-duplicate', stream: 'headset#2' });
    const c = await client.open({ source_id: 'right' }, { client: 'a' });
    for (const stream of [a, b, c]) {
      client.send(binary(stream, 0, 0, [[1, 2], [3, 4], [5, 6]])); // biome-ignore format: rows
      await client.next();
    }
    expect(daemon.chunks().map(({ info }) => info.id)).toEqual(['headset', 'headset#2', 'headset#3']);
    expect((await client.request('close', { stream: a })).result).toEqual({ stream: a });
    expect(daemon.received.at(-1)).toEqual({ session: 'default', message: { kind: 'close', id: 'headset' } });
  });

  it('places a stream with another clock by its arrivals, and says so', async () => {
    const clock = new VirtualClock(1000);
    await start({ clock });
    const [eeg, gaze] = [await connect(), await connect()];
    const a = await eeg.open();
    eeg.send(binary(a, 0, 0, [[1, 2], [3, 4], [5, 6]])); // biome-ignore format: rows
    await eeg.next();
    const b = await gaze.open({ name: 'eyes', type: 'Gaze', sfreq: 0, channels: ['left_x'] });
    clock.advance(1);
    gaze.notify('push', { stream: b, seq: 0, times: [1.7e9, 1.7e9 + 0.2], data: [[1], [2]] });
    await until(() => daemon.metricsOf('affectd_ingest_samples_total') === 5);
    clock.advance(0.61);
    await gaze.next();
    // The first stream's newest stamp, 0.2 s, came at 1000 s; these, a second later.
    const chunk = daemon.chunks().at(-1)!;
    expect(chunk.info.aligned).toBe('assumed');
    expect(chunk.times[0]).toBeCloseTo(1, 6);
    expect(chunk.times[1]).toBeCloseTo(1.2, 6);
    expect(daemon.events.map(({ code }) => code)).toContain('stream-assumed-aligned');
  });

  it('lets a late subscriber know the open streams', async () => {
    await start();
    const client = await connect();
    const id = await client.open();
    client.send(binary(id, 0, 0, [[1, 2]]));
    await client.next();
    const kinds: string[] = [];
    daemon.source.messages$.subscribe(({ message }) => kinds.push(message.kind));
    expect(kinds).toEqual(['open']);
  });
});

describe('sequence', () => {
  it('acknowledges duplicates again and drops them', async () => {
    await start();
    const client = await connect();
    const id = await client.open();
    for (const seq of [0, 1, 0, 1]) client.send(binary(id, seq, seq / 10, [[1, 2]]));
    for (const seq of [0, 1, 0, 1]) expect(await client.next()).toEqual(ack(id, seq));
    expect(daemon.chunks()).toHaveLength(2);
  });

  it('refuses a frame after a gap, tells what it expects and goes on from there', async () => {
    await start();
    const client = await connect();
    const id = await client.open();
    client.send(binary(id, 0, 0, [[1, 2]]));
    await client.next();
    client.send(binary(id, 2, 0.2, [[5, 6]]));
    expect(await client.nextError()).toEqual({ code: 'seq-gap', stream: id, seq: 2, expected: 1 });
    client.send(binary(id, 1, 0.1, [[3, 4]]));
    client.send(binary(id, 2, 0.2, [[5, 6]]));
    expect(await client.next()).toEqual(ack(id, 1));
    expect(await client.next()).toEqual(ack(id, 2));
    expect(daemon.chunks().map(({ data }) => data[0])).toEqual([1, 3, 5]);
  });

  it.each([
    ['mended', 1],
    ['left out', 2],
  ])('goes on after a refused frame that is %s', async (_how, next) => {
    await start();
    const client = await connect();
    const id = await client.open();
    client.send(binary(id, 0, 0, [[1, 2]]));
    await client.next();
    client.send(binary(id, 1, 0.1, [[1, 2, 3]]));
    expect(await client.nextError()).toMatchObject({ code: 'binary-malformed', seq: 1 });
    client.send(binary(id, next, 0.1, [[3, 4]]));
    expect(await client.next()).toEqual(ack(id, next));
  });

  it('acknowledges when samples are safe, in order', async () => {
    const gates: (() => void)[] = [];
    await start({ safe: () => new Promise<void>((resolve) => gates.push(resolve)) });
    const client = await connect();
    const id = await client.open({}, { client: 'lab' });
    for (const seq of [0, 1]) client.send(binary(id, seq, seq / 5, [[1, 2], [3, 4], [5, 6]])); // biome-ignore format: rows
    await until(() => gates.length === 2);
    gates[1]();
    await new Promise((resolve) => setImmediate(resolve));
    expect(client.waiting).toBe(0);
    gates[0]();
    expect(await client.next()).toEqual(ack(id, 0));
    expect(await client.next()).toEqual(ack(id, 1));
  });
});

describe('resume', () => {
  it('goes on with the same id behind the last acknowledged frame', async () => {
    await start();
    const first = await connect();
    const id = await first.open({}, { client: 'lab', session: 's1' });
    first.send(binary(id, 0, 0, [[1, 2]]));
    first.send(binary(id, 1, 0.1, [[1, 2]]));
    await first.next();
    await first.next();
    await first.kill();
    const second = await connect();
    const answer = await second.request('open', { client: 'lab', session: 's1', stream: declared });
    expect(answer.result).toMatchObject({ stream: id, session: 's1', last_seq: 1, resumed: true });
    second.send(binary(id, 2, 0.2, [[1, 2]]));
    expect(await second.next()).toEqual(ack(id, 2));
    expect(daemon.kinds()).toEqual(['open', 'chunk', 'chunk', 'chunk']);
    expect(daemon.chunks()[2].gapBefore).toBe(false);
  });

  it('takes a stream over from a connection that lingers', async () => {
    await start();
    const first = await connect();
    const id = await first.open({}, { client: 'lab' });
    const second = await connect();
    expect(await second.open({}, { client: 'lab' })).toBe(id);
    first.send(binary(id, 0, 0, [[1, 2]]));
    expect(await first.nextError()).toMatchObject({ code: 'unknown-stream', stream: id });
    second.send(binary(id, 0, 0, [[1, 2]]));
    expect(await second.next()).toEqual(ack(id, 0));
    await first.kill();
    second.send(binary(id, 1, 0.1, [[1, 2]]));
    expect(await second.next()).toEqual(ack(id, 1));
  });

  it('stays with a holder that hangs where whoever asked for it is gone before that is known', async () => {
    const clock = new VirtualClock(1000);
    await start({ clock });
    const holder = await connect();
    const id = await holder.open({}, { client: 'one' });
    holder.send(binary(id, 0, 0, [[1, 2], [3, 4], [5, 6]])); // biome-ignore format: rows
    await holder.next();
    holder.socket.pause();
    const other = await connect();
    other.notify('open', { client: 'two', stream: declared });
    // Its answer says that what was sent before was read.
    expect((await other.request('close', { stream: 99 })).error?.data.code).toBe('unknown-stream');
    await other.kill();
    await until(() => daemon.metricsOf('affectd_ingest_connections') === 1);
    clock.advance(5.2);
    await until(() => daemon.metricsOf('affectd_protocol_errors_total') === 2);
    expect(daemon.kinds()).toEqual(['open', 'chunk']);
    expect(daemon.metricsOf('affectd_ingest_streams')).toBe(1);
  });

  it('has its holder pinged once, however many ask for it meanwhile', async () => {
    await start();
    const holder = await connect();
    let pings = 0;
    holder.socket.on('ping', () => pings++);
    await holder.open({}, { client: 'one' });
    const other = await connect();
    const many = 60;
    for (let id = 0; id < many; id++)
      other.send({ jsonrpc: '2.0', id, method: 'open', params: { client: 'two', stream: declared } });
    for (let answers = 0; answers < many; answers++)
      expect(await other.nextError()).toMatchObject({ code: 'stream-taken' });
    expect(pings).toBeGreaterThan(0);
    expect(pings).toBeLessThan(many / 4);
  });

  it('starts anew when asked to, or when the layout changed', async () => {
    await start();
    const client = await connect();
    const id = await client.open({}, { client: 'lab' });
    client.send(binary(id, 0, 0, [[1, 2]]));
    await client.next();
    const second = await connect();
    const again = await second.open({}, { client: 'lab', resume: false });
    second.send(binary(again, 0, 0, [[1, 2]]));
    expect(await second.next()).toEqual(ack(again, 0));
    const third = await connect();
    const wider = await third.open({ channels: ['Fp1', 'Fp2', 'Cz'] }, { client: 'lab' });
    third.send(binary(wider, 0, 0, [[1, 2, 3]]));
    expect(await third.next()).toEqual(ack(wider, 0));
    expect(daemon.kinds()).toEqual(['open', 'chunk', 'close', 'open', 'chunk', 'close', 'open', 'chunk']);
  });

  it('ends a stream whose client does not come back, after the grace', async () => {
    const clock = new VirtualClock();
    await start({ clock });
    const client = await connect();
    const id = await client.open({}, { client: 'lab' });
    client.send(binary(id, 0, 0, [[1, 2], [3, 4], [5, 6]])); // biome-ignore format: rows
    await client.next();
    await client.kill();
    await until(() => daemon.metricsOf('affectd_ingest_connections') === 0);
    clock.advance(9.9);
    expect(daemon.kinds()).not.toContain('close');
    clock.advance(0.2);
    expect(daemon.kinds()).toEqual(['open', 'chunk', 'close']);
    // Nobody closed it: whom it feeds waits for it.
    expect(daemon.received.at(-1)?.message).toEqual({ kind: 'close', id: 'headset', cut: true });
    expect(daemon.source.sessions).toEqual([]);
  });

  it('ends a nameless stream at once, and replaces one that waits', async () => {
    await start();
    const nameless = await connect();
    await nameless.open();
    await nameless.kill();
    await until(() => daemon.source.sessions.length === 0);
    const first = await connect();
    const id = await first.open({}, { client: 'run 1' });
    first.send(binary(id, 0, 100, [[1, 2]]));
    await first.next();
    await first.kill();
    await until(() => daemon.metricsOf('affectd_ingest_connections') === 0);
    const second = await connect();
    const again = await second.open({}, { client: 'run 2' });
    second.send(binary(again, 0, 0, [[1, 2], [3, 4], [5, 6]])); // biome-ignore format: rows
    await second.next();
    expect(daemon.kinds()).toEqual(['open', 'chunk', 'close', 'open', 'chunk']);
    expect(daemon.chunks()[1].info).toMatchObject({ id: 'headset', aligned: 'clock' });
  });
});

describe('errors', () => {
  const push = (params: object) => ({
    jsonrpc: '2.0',
    method: 'push',
    params: { stream: 0, seq: 0, ...params },
  });
  const declare = (stream: object) => ({
    jsonrpc: '2.0',
    id: 7,
    method: 'open',
    params: { stream: { name: 'x', type: 'EEG', sfreq: 10, channels: ['Fp1'], ...stream } },
  });
  /** What is sent on a connection that has stream 0 open, of 2 channels at 10 Hz with data up to 0. */
  const gappy = Array.from({ length: 30 }, (_, i) => i / 10 + Math.floor(i / 4));
  const wrongs: [string, unknown][] = [
    ['parse-error', '{"jsonrpc": '],
    ['parse-error', ''],
    ['invalid-request', '[]'],
    ['invalid-request', '"open"'],
    ['invalid-request', { method: 'open' }],
    ['invalid-request', { jsonrpc: '1.0', method: 'open', id: 1 }],
    ['unknown-method', { jsonrpc: '2.0', method: 'constructor', id: 1 }],
    ['unknown-method', { jsonrpc: '2.0', method: 'subscribe', id: 1, params: { streams: ['affect'] } }],
    ['invalid-params', { jsonrpc: '2.0', method: 'open', id: 1 }],
    ['invalid-params', declare({ sfreq: 'fast' })],
    ['invalid-params', declare({ channels: [] })],
    ['invalid-params', declare({ name: '*' })],
    ['invalid-params', push({ seq: 1, data: [[1, 2]] })],
    ['invalid-params', push({ seq: 1, t0: 0.1, data: 'none' })],
    ['invalid-params', push({ seq: -1, t0: 0.1, data: [[1, 2]] })],
    ['too-many-channels', declare({ channels: Array(5).fill('a') })],
    ['too-many-streams', declare({ name: 'third' })],
    ['too-many-sessions', { ...declare({}), params: { ...declare({}).params, session: 'third' } }],
    ['unknown-stream', push({ stream: 999, t0: 0.1, data: [[1, 2]] })],
    ['unknown-stream', { jsonrpc: '2.0', method: 'close', id: 1, params: { stream: 999 } }],
    ['unknown-stream', binary(999, 0, 0, [[1, 2]])],
    ['channel-count', push({ seq: 1, t0: 0.1, data: [[1, 2, 3]] })],
    ['channel-count', push({ seq: 1, t0: 0.1, data: [[1, 2], [1]] })],
    ['sample-count', push({ seq: 1, times: [0.1, 0.2], data: [[1, 2]] })],
    ['value-type', push({ seq: 1, t0: 0.1, data: [['a', 'b']] })],
    ['value-type', push({ seq: 1, t0: 0.1, data: [['a', 1]] })],
    ['too-many-samples', push({ seq: 1, t0: 0.1, data: Array(101).fill([1, 2]) })],
    ['too-many-values', push({ seq: 1, t0: 0.1, data: Array(100).fill([1, 2, null, 4]) })],
    ['too-many-gaps', push({ seq: 1, times: gappy, data: Array(30).fill([1, 2]) })],
    ['times-not-finite', binary(0, 1, Number.POSITIVE_INFINITY, [[1, 2]])],
    ['seq-gap', push({ seq: 3, t0: 0.1, data: [[1, 2]] })],
    ['binary-malformed', Uint8Array.of()],
    ['binary-malformed', Uint8Array.of(1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)],
    ['binary-version', new Uint8Array(40)],
    ['binary-kind', Uint8Array.from({ length: 40 }, () => 1).fill(9, 1, 2)],
  ];

  it.each(wrongs)(
    '%s leaves this stream, others and other connections as they were: %j',
    async (code, wrong) => {
      await start({
        ingest: {
          max_channels: 4,
          max_streams: 2,
          max_sessions: 2,
          max_samples: 100,
          max_json_values: 300,
          max_gaps: 5,
          max_markers: 3,
        },
      });
      const client = await connect();
      const id = await client.open();
      const other = await client.open({ name: 'other' });
      const bystander = await connect();
      const theirs = await bystander.open({}, { session: 'elsewhere' });
      for (const stream of [id, other]) {
        client.send(binary(stream, 0, 0, [[1, 2]]));
        await client.next();
      }
      client.send(wrong);
      const answer = await client.next();
      expect(answer.error?.data.code).toBe(code);
      expect(answer.error?.code).toBe(errorCodes[code as keyof typeof errorCodes][0]);
      expect(answer.error?.message).toMatch(/^[^\n]{5,300}$/);
      expect(daemon.chunks()).toHaveLength(2);
      client.send(binary(id, 1, 0.1, [[3, 4]]));
      expect(await client.next()).toEqual(ack(id, 1));
      client.send(binary(other, 1, 0.1, [[3, 4]]));
      expect(await client.next()).toEqual(ack(other, 1));
      bystander.send(binary(theirs, 0, 0, [[1, 2]]));
      expect(await bystander.next()).toEqual(ack(theirs, 0));
      expect(daemon.metricsOf('affectd_protocol_errors_total')).toBe(1);
    },
  );

  it('too-many-streams of a session, too-many-sessions, until one ends; a stream that is taken up needs no room', async () => {
    await start({ ingest: { max_session_streams: 2, max_sessions: 2, max_daemon_streams: 3 } });
    const [a, b] = [await connect(), await connect()];
    const stream = (name: string) => ({ name, type: 'EEG', sfreq: 10, channels: ['Fp1'] });
    const open = async (client: typeof a, session: string, name: string) => {
      const { result, error } = await client.request('open', {
        ...{ session, client: `${session} ${name}`, stream: stream(name) },
      });
      return error?.data.code ?? (result as { stream: number }).stream;
    };
    expect([await open(a, 'one', 'x'), await open(b, 'one', 'y')]).toEqual([0, 1]);
    expect(await open(b, 'one', 'z')).toBe('too-many-streams');
    expect(await open(a, 'one', 'y')).toBe(1);
    expect(await open(b, 'two', 'x')).toBe(2);
    expect(await open(b, 'two', 'y')).toBe('too-many-streams');
    expect(await open(b, 'three', 'x')).toBe('too-many-sessions');
    await b.request('close', { stream: 2 });
    expect(await open(b, 'three', 'x')).toBe(3);
  });

  it('too-many-samples of markers', async () => {
    await start({ ingest: { max_markers: 3 } });
    const client = await connect();
    const eeg = await client.open();
    client.send(binary(eeg, 0, 0, [[1, 2], [3, 4], [5, 6]])); // biome-ignore format: rows
    await client.next();
    const id = await client.open({ type: 'Markers', sfreq: 0, channels: ['text'] });
    const markers = (n: number) =>
      push({ stream: id, times: Array.from({ length: n }, (_, i) => i), data: Array(n).fill(['go']) });
    client.send(markers(4));
    expect((await client.nextError()).code).toBe('too-many-samples');
    client.send(markers(3));
    expect(await client.next()).toEqual(ack(id, 0));
  });

  it('looks at no value of a push that holds too many, and at no channel of such a stream', async () => {
    await start();
    const client = await connect();
    const id = await client.open();
    // What doesn't fit the schema shows what was looked at first.
    client.send(push({ stream: id, t0: 0, data: Array(40_000).fill(['no', { number: true }]) }));
    expect((await client.nextError()).code).toBe('too-many-values');
    client.send(declare({ channels: Array(2000).fill({ no: 'label' }), sfreq: 'fast' }));
    expect((await client.nextError()).code).toBe('too-many-channels');
  });

  it('not-ready while nobody takes data, and takes the same frame later', async () => {
    await start({ consume: false });
    const client = await connect();
    const stream = { name: 'x', type: 'EEG', sfreq: 10, channels: ['Fp1'] };
    expect((await client.request('open', { stream })).error?.data.code).toBe('not-ready');
    const subscription = daemon.source.messages$.subscribe();
    const id = await client.open();
    subscription.unsubscribe();
    client.send(binary(id, 0, 0, [[1, 2]]));
    expect(await client.nextError()).toMatchObject({ code: 'not-ready', seq: 0 });
    daemon.source.messages$.subscribe();
    client.send(binary(id, 0, 0, [[1, 2]]));
    expect(await client.next()).toEqual(ack(id, 0));
  });

  it('internal-error when the daemon fails, and the connection stays', async () => {
    let fail = true;
    await start({
      safe: () => {
        if (fail) throw new Error('disk full');
        return undefined;
      },
    });
    const client = await connect();
    const id = await client.open();
    client.send(binary(id, 0, 0, [[1, 2], [3, 4], [5, 6]])); // biome-ignore format: rows
    expect((await client.nextError()).code).toBe('internal-error');
    expect(daemon.events.map(({ code }) => code)).toContain('connection-failed');
    fail = false;
    client.send(binary(id, 0, 0, [[1, 2], [3, 4], [5, 6]])); // biome-ignore format: rows
    expect(await client.next()).toEqual(ack(id, 0));
  });

  it('closes with 1009 on a message too big, and the stream can be resumed', async () => {
    await start({ ingest: { max_frame_bytes: 1000 } });
    const client = await connect();
    const id = await client.open({}, { client: 'lab' });
    client.send(binary(id, 0, 0, Array(300).fill([1, 2])));
    expect((await client.closed).code).toBe(1009);
    const again = await connect();
    expect(await again.open({}, { client: 'lab' })).toBe(id);
  });

  it('closes with 1008 after a hundred errors in a row', async () => {
    await start();
    const client = await connect();
    for (let i = 0; i < 150; i++) client.send('garbage');
    expect(await client.closed).toEqual({ code: 1008, reason: 'too-many-errors' });
  });

  it('reads a sender that is too fast more slowly, and loses nothing', async () => {
    const clock = new VirtualClock();
    await start({ clock, ingest: { frames_per_s: 10 } });
    const client = await connect();
    const id = await client.open({ channels: ['Fp1'] });
    // Frames of 64 KiB, so that what the kernel and the socket hold at once is but a few of them.
    const rows = Array.from({ length: 16_384 }, () => [1]);
    const total = 60;
    for (let seq = 0; seq < total; seq++) client.send(binary(id, seq, seq * 1638.4, rows));
    await until(() => daemon.metricsOf('affectd_throttled_total') > 0);
    const taken = daemon.chunks().length;
    expect(taken).toBeLessThan(20);
    for (let acks = 0; acks < total; ) {
      if (client.waiting === 0) clock.advance(0.5);
      await new Promise((resolve) => setImmediate(resolve));
      while (client.waiting > 0) expect(await client.next()).toEqual(ack(id, acks++));
    }
    expect(clock.now()).toBeGreaterThan(3);
  });

  it('reads long texts more slowly than short ones: work is by their bytes', async () => {
    const clock = new VirtualClock();
    await start({ clock, ingest: { frames_per_s: 100 } });
    const client = await connect();
    const id = await client.open({ channels: ['Fp1'] });
    const text = (seq: number, n: number): string =>
      JSON.stringify(push({ stream: id, seq, t0: seq * 1000, data: Array(n).fill([0.5]) }));
    expect(text(0, 6000).length / 512).toBeGreaterThan(50);
    for (let seq = 0; seq < 4; seq++) client.send(text(seq, 6000));
    let acks = 0;
    const read = async (): Promise<void> => {
      for (let k = 0; k < 50; k++) await new Promise((resolve) => setImmediate(resolve));
      while (client.waiting > 0) expect(await client.next()).toEqual(ack(id, acks++));
    };
    await until(() => daemon.metricsOf('affectd_throttled_total') > 0);
    await read();
    expect(acks).toBeLessThan(4);
    while (acks < 4) {
      clock.advance(0.1);
      await read();
    }
    expect(clock.now()).toBeGreaterThan(0.3);
  });

  it('stops reading a sender that does not read its answers, which its session waits for', async () => {
    const clock = new VirtualClock();
    await start({ clock, ingest: { frames_per_s: 1e9 } });
    const client = await connect();
    const stream = await client.open();
    const duplicate = { stream, seq: 0, t0: 0, data: [[1, 2], [3, 4], [5, 6]] }; // biome-ignore format: rows
    client.notify('push', duplicate);
    await client.next();
    client.socket.pause();
    const total = 20_000;
    const id = 'x'.repeat(4000);
    let sent = 0;
    const feed = () => {
      for (; sent < total && client.socket.bufferedAmount < 1e6; sent++)
        client.send({ jsonrpc: '2.0', id, method: 'push', params: duplicate });
      if (sent < total) setImmediate(feed);
    };
    feed();
    // Were it read, this would never come about: everything would be sent.
    await until(() => client.socket.bufferedAmount >= 1e6);
    const isAwaited = (): boolean => daemon.sessions.of('default').isCatchingUp(clock.now());
    await until(isAwaited);
    clock.advance(29);
    expect(isAwaited()).toBe(true);
    client.socket.resume();
    for (let answers = 0; answers < total; ) if ((await client.next()).id === id) answers++;
    clock.advance(1.1);
    expect(isAwaited()).toBe(false);
  });
});
