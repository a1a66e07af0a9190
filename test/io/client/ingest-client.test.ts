import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { NotKeptError } from '../../../src/core/not-kept-error.js';
import {
  IngestConnection,
  type IngestOptions,
  type IngestStream,
  openIngest,
  type Refusal,
} from '../../../src/io/client/index.js';
import type { Timers } from '../../../src/io/client/timers.js';
import { type Daemon, type DaemonOptions, startDaemon, until } from '../server/daemon.js';
import { ManualTimers, SILENCE_S } from './manual-timers.js';

let daemon: Daemon;
const connections: IngestConnection[] = [];
const start = async (options: DaemonOptions = {}) => {
  daemon = await startDaemon(options);
};
afterEach(async () => {
  await daemon.stop();
  for (const connection of connections.splice(0)) connection.abandon();
});

const headset = { name: 'headset', type: 'EEG', sfreq: 100, channels: ['Fp1', 'Fp2'], unit: 'uV' };
/** Drops as a pulled cable does: what is on its way is lost. */
class CutWebSocket extends WebSocket {
  override close(): void {
    this.terminate();
  }
}

/** Comes back at the next turn of the event loop. */
const atOnce: Timers = {
  after: (delay_s, action) => {
    if (delay_s >= SILENCE_S) return { cancel: () => {} };
    const timer = setImmediate(action);
    return { cancel: () => clearImmediate(timer) };
  },
};

function connect(options: IngestOptions = {}): IngestConnection {
  const connection = new IngestConnection(daemon.url, { WebSocket, timers: atOnce, ...options });
  connections.push(connection);
  return connection;
}

const eyes = { name: 'eyes', type: 'Gaze', sfreq: 50, channels: ['left_x'] };

/** Sends what tells a stream's clock, so that what follows is in the session at once. */
async function begun(stream: IngestStream, channels: number): Promise<void> {
  stream.push(Array(3).fill(Array(channels).fill(-1)), 0);
  await stream.drain();
}

/** Chunks of what was sent once the streams had begun. */
const sinceBegun = () => daemon.chunks().filter(({ data }) => data[0] !== -1);

const firstChannel = () => daemon.chunks().flatMap(({ data, times }) => [...data.subarray(0, times.length)]);

describe('ingest client', () => {
  it.each(['binary', 'json'] as const)('sends %s frames, from all that it takes', async (format) => {
    await start();
    const stream = openIngest(daemon.url, { WebSocket, stream: headset, format, session: 's7' });
    const acks: number[] = [];
    stream.on('ack', (index) => acks.push(index));
    expect(stream.push([[1, 2], [3, null]], 0)).toBe(0); // biome-ignore format: rows
    expect(stream.push(Float32Array.of(5, 6, 7, Number.NaN), [0.02, 0.03])).toBe(1);
    await stream.drain();
    expect(acks.at(-1)).toBe(1);
    await stream.close();
    expect(daemon.kinds()).toEqual(['open', 'chunk', 'chunk', 'close']);
    expect(daemon.received[0].session).toBe('s7');
    expect(daemon.chunks().map(({ data }) => [...data])).toEqual([
      [1, 3, 2, Number.NaN],
      [5, 7, 6, Number.NaN],
    ]);
    expect(daemon.chunks().map(({ times }) => [...times])).toEqual([
      [0, 0.01],
      [0.02, 0.03],
    ]);
  });

  it('sends markers as text', async () => {
    await start();
    const connection = connect();
    await begun(connection.open(headset), 2);
    const stream = connection.open({ name: 'cues', type: 'Markers', sfreq: 0, channels: ['cue'] });
    stream.push([['go']], 1);
    await stream.drain();
    expect(daemon.received.at(-1)?.message).toMatchObject({
      kind: 'marker',
      marker: { time: 1, value: 'go' },
    });
  });

  it('sends several streams over one connection, in the order of pushing', async () => {
    await start();
    const connection = connect();
    const eeg = connection.open(headset);
    const gaze = connection.open(eyes);
    await begun(eeg, 2);
    await begun(gaze, 1);
    for (let i = 0; i < 5; i++) {
      eeg.push([[i, i]], i / 100);
      gaze.push([[i]], i / 50);
    }
    await connection.close();
    const order = sinceBegun().map(({ info }) => info.type);
    expect(order).toEqual(Array.from({ length: 10 }, (_, i) => (i % 2 === 0 ? 'EEG' : 'Gaze')));
  });

  it('sends what waited in the order of pushing over all streams, wherever the connection drops', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(fc.nat(39), { maxLength: 4 }),
        fc.array(fc.nat(2), { minLength: 40, maxLength: 40 }),
        async (drops, turns) => {
          await start();
          const connection = connect({ WebSocket: CutWebSocket });
          const eeg = connection.open(headset);
          const gaze = connection.open(eyes);
          await begun(eeg, 2);
          await begun(gaze, 1);
          for (let i = 0; i < 40; i++) {
            eeg.push([[i, i]], i / 50);
            if (drops.includes(i)) connection.drop();
            gaze.push([[i]], i / 50);
            for (let turn = 0; turn < turns[i]; turn++) await new Promise((resolve) => setImmediate(resolve));
          }
          await connection.close();
          const order = sinceBegun().map(({ info, data }) => `${info.type} ${data[0]}`);
          expect(order).toEqual(
            Array.from({ length: 80 }, (_, i) => `${i % 2 === 0 ? 'EEG' : 'Gaze'} ${i >> 1}`),
          );
          await daemon.stop();
        },
      ),
      { numRuns: 15, seed: 3 },
    );
    await start();
  });

  it('does not wait for a stream that can’t be opened', async () => {
    await start({ ingest: { max_channels: 2 } });
    const connection = connect();
    const wide = connection.open({ ...headset, name: 'wide', channels: ['a', 'b', 'c'] });
    const eeg = connection.open(headset);
    const errors: string[] = [];
    wide.on('error', ({ code }) => errors.push(code));
    wide.push([[1, 2, 3]], 0);
    eeg.push([[1, 2]], 0);
    await eeg.drain();
    expect(errors).toEqual(['too-many-channels']);
    expect(daemon.chunks()).toHaveLength(1);
  });

  it('loses and doubles nothing, wherever the connection drops', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(fc.nat(59), { maxLength: 6 }),
        fc.array(fc.nat(3), { minLength: 60, maxLength: 60 }),
        fc.constantFrom('binary' as const, 'json' as const),
        async (drops, turns, format) => {
          await start();
          const connection = connect({ format, WebSocket: CutWebSocket });
          const stream = connection.open(headset);
          for (let i = 0; i < 60; i++) {
            stream.push([[i, -i]], i / 100);
            if (drops.includes(i)) connection.drop();
            for (let turn = 0; turn < turns[i]; turn++) await new Promise((resolve) => setImmediate(resolve));
          }
          await connection.close();
          expect(firstChannel()).toEqual(Array.from({ length: 60 }, (_, i) => i));
          expect(daemon.chunks().some(({ gapBefore }) => gapBefore)).toBe(false);
          expect(daemon.kinds().filter((kind) => kind !== 'chunk')).toEqual(['open', 'close']);
          await daemon.stop();
        },
      ),
      { numRuns: 25, seed: 7 },
    );
    await start();
  });

  it('loses nothing to a daemon that the network cuts off while samples wait to be safe', async () => {
    const waiting: (() => void)[] = [];
    await start({ safe: () => new Promise((resolve) => waiting.push(resolve)) });
    const connection = connect();
    const stream = connection.open(headset);
    for (let i = 0; i < 10; i++) stream.push([[i, i]], i / 100);
    await until(() => daemon.chunks().length === 10);
    connection.drop();
    await until(() => {
      waiting.shift()?.();
      return stream.unacknowledged === 0;
    });
    expect(firstChannel()).toEqual(Array.from({ length: 10 }, (_, i) => i));
  });

  it('goes on at a daemon that was started again', async () => {
    await start();
    const { port } = daemon;
    const timers = new ManualTimers();
    const stream = connect({ timers }).open(headset);
    stream.push([[0, 0]], 0);
    await stream.drain();
    await daemon.stop();
    stream.push([[1, 1]], 0.01);
    stream.push([[2, 2]], 0.02);
    expect(stream.unacknowledged).toBe(2);
    await until(() => timers.pending > 0);
    await start({ server: { port } });
    timers.fire();
    await stream.drain();
    expect(firstChannel()).toEqual([1, 2]);
  });

  it('takes up what an earlier run of the same client left', async () => {
    await start();
    const first = connect({ client: 'lab' });
    const stream = first.open(headset);
    for (let i = 0; i < 3; i++) stream.push([[i, i]], i / 100);
    await stream.drain();
    first.abandon();
    const second = connect({ client: 'lab' }).open(headset);
    expect(second.push([[3, 3]], 0.03)).toBe(0);
    await second.drain();
    expect(firstChannel()).toEqual([0, 1, 2, 3]);
    expect(daemon.kinds().filter((kind) => kind === 'open')).toHaveLength(1);
  });

  it('loses nothing behind what an earlier run of the same client sent and the daemon has not acknowledged', async () => {
    const held: (() => void)[] = [];
    let isHolding = false;
    const safe = (): Promise<void> | undefined =>
      isHolding ? new Promise((resolve) => held.push(resolve)) : undefined;
    await start({ safe });
    const first = connect({ client: 'lab' });
    const stream = first.open(headset);
    stream.push([[0, 0]], 0);
    await stream.drain();
    isHolding = true;
    for (let i = 1; i < 4; i++) stream.push([[i, i]], i / 100);
    await until(() => held.length === 3);
    first.abandon();
    const second = connect({ client: 'lab' }).open(headset);
    for (let i = 4; i < 9; i++) second.push([[i, i]], i / 100);
    await until(() => held.length === 8);
    for (const release of held) release();
    await second.drain();
    expect(firstChannel()).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
  });

  it('drops a frame that is refused, tells so, and goes on', async () => {
    await start();
    const stream = connect().open(headset);
    const errors: string[] = [];
    stream.on('error', ({ code }) => errors.push(code));
    stream.push([[1, 1]], 5);
    stream.push([[2, 2]], Number.POSITIVE_INFINITY);
    stream.push([[3, 3]], 5.01);
    await stream.drain();
    expect(errors).toEqual(['times-not-finite']);
    expect(firstChannel()).toEqual([1, 3]);
  });

  it('waits for a daemon that takes no data yet, and sends again what was not taken', async () => {
    await start({ consume: false });
    const stream = connect().open(headset);
    for (let i = 0; i < 5; i++) stream.push([[i, i]], i / 100);
    await until(() => daemon.metricsOf('affectd_protocol_errors_total') > 1);
    const take = () => daemon.source.messages$.subscribe((message) => daemon.received.push(message));
    const subscription = take();
    await stream.drain();
    subscription.unsubscribe();
    for (let i = 5; i < 10; i++) stream.push([[i, i]], i / 100);
    await until(() => daemon.metricsOf('affectd_protocol_errors_total') > 4);
    take();
    await stream.drain();
    expect(firstChannel()).toEqual(Array.from({ length: 10 }, (_, i) => i));
  });

  it('fails when the stream cannot be opened', async () => {
    await start({ ingest: { max_channels: 1 } });
    const stream = connect().open(headset);
    stream.push([[1, 2]], 0);
    await expect(stream.drain()).rejects.toMatchObject({ code: 'too-many-channels' });
    expect(() => stream.push([[1, 2]], 0)).toThrow(expect.objectContaining({ code: 'too-many-channels' }));
  });

  it('refuses what does not fit before it sends', async () => {
    await start({ ingest: { max_samples: 2 } });
    const stream = connect({ maxUnacknowledged: 2 }).open(headset);
    await new Promise((resolve) => stream.on('open', resolve));
    for (const wrong of [[], [[1]], [[1, 2, 3]], [[1, 2], [1]], [[1, 2], [1, 2], [1, 2]]]) // biome-ignore format: rows
      expect(() => stream.push(wrong, 0)).toThrow(RangeError);
    expect(() => stream.push(Float32Array.of(1, 2, 3), 0)).toThrow(RangeError);
    expect(() => stream.push([[1, 2]], [0, 1])).toThrow(RangeError);
    stream.push([[1, 2]], 0);
    stream.push([[1, 2]], 0.01);
    expect(() => stream.push([[1, 2]], 0.02)).toThrow(/buffer is full/);
    await stream.drain();
  });

  it('refuses frames of JSON and of markers that the daemon would not take', async () => {
    await start({ ingest: { max_json_values: 6, max_markers: 2 } });
    const connection = connect({ format: 'json' });
    const eeg = connection.open(headset);
    const cues = connection.open({ name: 'cues', type: 'Markers', sfreq: 0, channels: ['cue'] });
    await Promise.all([eeg, cues].map((stream) => new Promise((resolve) => stream.on('open', resolve))));
    expect(() => eeg.push(new Float32Array(8), 0)).toThrow(
      '8 values and stamps in a frame of JSON; the daemon takes 6',
    );
    expect(() => eeg.push(new Float32Array(6), [0, 1, 2])).toThrow('9 values and stamps');
    expect(() => cues.push([['a'], ['b'], ['c']], [0, 1, 2])).toThrow(
      '3 samples in a frame; the daemon takes 2',
    );
    eeg.push(new Float32Array(6), 0);
    cues.push([['a'], ['b']], [0, 1]);
    await connection.close();
    expect(daemon.metricsOf('affectd_protocol_errors_total')).toBe(0);
  });
});

describe('frames that are not kept', () => {
  /** A daemon whose recording takes what it is told to. */
  async function notKeeping() {
    const kept: { now: 'kept' | 'held' | 'lost' } = { now: 'held' };
    const safe = (): Promise<void> =>
      kept.now === 'kept'
        ? Promise.resolve()
        : Promise.reject(new NotKeptError('disk-full', 'no room', kept.now === 'held'));
    await start({ safe });
    const timers = new ManualTimers();
    const stream = connect({ timers }).open(headset);
    const refusals: Refusal[] = [];
    stream.on('nack', (refusal) => refusals.push(refusal));
    const sendsAgain = async (): Promise<void> => {
      const before = refusals.length;
      timers.fire();
      if (kept.now === 'held') await until(() => refusals.length > before);
    };
    return { kept, timers, stream, refusals, sendsAgain };
  }

  it('are kept here while the daemon holds them, and asked for ever more rarely, until all is safe', async () => {
    const { kept, timers, stream, refusals, sendsAgain } = await notKeeping();
    for (let k = 0; k < 4; k++) stream.push([[k, k]], k / 100);
    await until(() => refusals.length === 4);
    expect(refusals).toEqual([0, 1, 2, 3].map((index) => ({ index, code: 'disk-full', held: true })));
    for (let k = 0; k < 5; k++) await sendsAgain();
    expect(stream.unacknowledged).toBe(4);
    expect(timers.waits_s.slice(0, 6)).toEqual([1, 2, 4, 8, 10, 10]);
    kept.now = 'kept';
    timers.fire();
    await stream.drain();
    expect(firstChannel()).toEqual([0, 1, 2, 3]);
    kept.now = 'held';
    stream.push([[4, 4]], 0.04);
    await until(() => timers.waits_s.length === 7);
    expect(timers.waits_s.at(-1)).toBe(1);
  });

  it('and are lost are given up, told, and hold nothing up', async () => {
    const { kept, stream, refusals } = await notKeeping();
    const acks: number[] = [];
    stream.on('ack', (index) => acks.push(index));
    kept.now = 'lost';
    for (let k = 0; k < 3; k++) stream.push([[k, k]], k / 100);
    await stream.drain();
    expect(refusals).toEqual([0, 1, 2].map((index) => ({ index, code: 'disk-full', held: false })));
    kept.now = 'kept';
    stream.push([[3, 3]], 0.03);
    await stream.drain();
    expect(acks).toEqual([3]);
    expect(firstChannel()).toEqual([0, 1, 2, 3]);
  });

  it('go to the daemon that comes back after one that died while it held them', async () => {
    const { timers, stream, refusals } = await notKeeping();
    for (let k = 0; k < 3; k++) stream.push([[k, k]], k / 100);
    await until(() => refusals.length === 3);
    const { port } = daemon;
    const waits = timers.waits_s.length;
    await daemon.stop();
    await until(() => timers.waits_s.length > waits);
    await start({ server: { port } });
    timers.fire();
    await stream.drain();
    expect(firstChannel()).toEqual([0, 1, 2]);
  });
});
