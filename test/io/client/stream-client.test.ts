import { afterEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { AffectdClientError, connectStream, type StreamClient } from '../../../src/io/client/index.js';
import type { Prediction } from '../../../src/io/protocol/output.js';
import { type Daemon, startDaemon, until } from '../server/daemon.js';
import { ManualTimers } from './manual-timers.js';

let daemon: Daemon;
const clients: StreamClient[] = [];

function connect(options: Parameters<typeof connectStream>[1] = {}, url = daemon.url): StreamClient {
  const client = connectStream(url, { WebSocket, ...options });
  clients.push(client);
  return client;
}

afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  await daemon.stop();
});

const prediction = (seq: number): Prediction => ({
  stream: 'affect',
  session: 's1',
  node: 'affect',
  seq,
  time: 4,
  window: [0, 4],
  valence: 0.5,
  arousal: -0.5,
  interval: null,
  modalities: {},
  valid: true,
  reason: null,
  evidence: 'none',
  model: 'm',
  pipeline: 'p',
});

describe('stream client', () => {
  it('subscribes and hears', async () => {
    daemon = await startDaemon();
    const client = connect();
    const heard: number[] = [];
    const stop = client.on('affect', ({ seq }) => heard.push(seq));
    const result = await client.subscribe({ streams: ['affect', 'mood'], policy: 'buffer' });
    expect(result.success).toEqual([{ stream: 'affect', session: '*', policy: 'buffer' }]);
    expect(result.failure[0].code).toBe('unknown-stream-name');
    daemon.sink.publish(prediction(0));
    await until(() => heard.length === 1);
    stop();
    let later = 0;
    client.on('affect', () => later++);
    daemon.sink.publish(prediction(1));
    await until(() => later === 1);
    expect(heard).toEqual([0]);
  });

  it('tells the daemon its errors, and goes on', async () => {
    daemon = await startDaemon();
    const client = connect();
    await expect(client.subscribe({ streams: [] })).rejects.toMatchObject({ code: 'invalid-params' });
    await expect(client.subscribe({ streams: [] })).rejects.toBeInstanceOf(AffectdClientError);
    await expect(client.subscribe({ streams: ['affect'] })).resolves.toBeDefined();
  });

  it('comes back by itself, waiting longer each time, and subscribes again', async () => {
    daemon = await startDaemon();
    const timers = new ManualTimers();
    const client = connect({ timers, backoff_s: [1, 4] });
    const states: string[] = [];
    const heard: number[] = [];
    client.on('state', (state) => states.push(state));
    client.on('affect', ({ seq }) => heard.push(seq));
    await client.subscribe({ streams: ['affect'] });
    const { port } = daemon;
    await daemon.stop();
    await until(() => timers.pending === 1);
    for (let attempt = 1; attempt <= 4; attempt++) {
      timers.fire();
      await until(() => timers.pending === 1);
    }
    expect(timers.waits_s).toEqual([1, 2, 4, 4, 4]);
    daemon = await startDaemon({ server: { port } });
    timers.fire();
    await until(() => daemon.sink.subscribers === 1);
    for (let seq = 7; heard.length === 0; seq++) {
      daemon.sink.publish(prediction(seq));
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(heard[0]).toBeGreaterThanOrEqual(7);
    expect(states.slice(-2)).toEqual(['connecting', 'open']);
  });

  it('goes on where it was in a session that it names, hearing what it missed, and nothing twice', async () => {
    daemon = await startDaemon();
    const sockets: WebSocket[] = [];
    class Cuttable extends WebSocket {
      constructor(...args: ConstructorParameters<typeof WebSocket>) {
        super(...args);
        sockets.push(this);
      }
    }
    const timers = new ManualTimers();
    const cut = async (client: StreamClient): Promise<void> => {
      sockets.at(-1)!.terminate();
      await until(() => timers.pending === 1 && client.state === 'reconnecting');
      await until(() => daemon.sink.subscribers === 0);
    };
    const back = async (): Promise<void> => {
      timers.fire();
      await until(() => daemon.sink.subscribers === 1);
    };
    const client = connect({ timers, WebSocket: Cuttable as never });
    const heard: string[] = [];
    client.on('affect', ({ node, seq }) => heard.push(`${node} ${seq}`));
    const tell = (node: string, seq: number) => daemon.sink.publish({ ...prediction(seq), node });
    await client.subscribe({ streams: ['affect'], session: 's1', policy: 'buffer' });
    for (const node of ['a', 'b']) tell(node, 0);
    await until(() => heard.length === 2);
    await cut(client);
    for (const [node, seq] of [['a', 1], ['b', 1], ['a', 2]] as const) tell(node, seq); // biome-ignore format: one line
    await back();
    await until(() => heard.length === 5);
    await cut(client);
    tell('b', 2);
    await back();
    await until(() => heard.length === 6);
    tell('a', 3);
    await until(() => heard.length === 7);
    expect(heard).toEqual(['a 0', 'b 0', 'a 1', 'b 1', 'a 2', 'b 2', 'a 3']);
    // Another subscription of the session begins with what comes, not with what others heard.
    const features: number[] = [];
    client.on('features', ({ seq }) => features.push(seq));
    const { valence: _v, arousal: _a, ...rest } = prediction(0);
    const vector = {
      ...rest,
      stream: 'features',
      node: 'de',
      input: 'eeg',
      features: [],
      values: [],
    } as const;
    daemon.sink.publish({ ...vector, seq: 0 });
    await client.subscribe({ streams: ['features'], session: 's1' });
    daemon.sink.publish({ ...vector, seq: 1 });
    await until(() => features.at(-1) === 1);
    expect(features).toEqual([1]);
    // Given up, and asked for anew: the same.
    await client.unsubscribe({ streams: ['affect'], session: 's1' });
    tell('a', 4);
    await client.subscribe({ streams: ['affect'], session: 's1' });
    tell('a', 5);
    await until(() => heard.at(-1) === 'a 5');
    expect(heard).toHaveLength(8);
  });

  it('does not subscribe again to what it gave up', async () => {
    daemon = await startDaemon();
    const client = connect();
    await client.subscribe({ streams: ['affect', 'sys'] });
    await client.unsubscribe({ streams: ['affect'] });
    let heard = 0;
    client.on('affect', () => heard++);
    daemon.sink.publish(prediction(0));
    await client.subscribe({ streams: ['quality'] });
    expect(heard).toBe(0);
  });

  it('gives its token, and gives up without the right one', async () => {
    daemon = await startDaemon({ server: { token: 'gehéim' } });
    await expect(connect({ token: 'gehéim' }).subscribe({ streams: ['affect'] })).resolves.toBeDefined();
    const wrong = connect({ token: 'no' });
    await expect(wrong.subscribe({ streams: ['affect'] })).rejects.toMatchObject({
      code: expect.stringMatching(/closed|disconnected/),
    });
    await until(() => wrong.state === 'closed');
    await expect(wrong.subscribe({ streams: ['affect'] })).rejects.toMatchObject({ code: 'closed' });
  });

  it('takes the addresses that people write', async () => {
    daemon = await startDaemon();
    for (const url of [`http://127.0.0.1:${daemon.port}`, `ws://localhost:${daemon.port}/v1/stream`])
      await expect(connect({}, url).subscribe({ streams: ['affect'] })).resolves.toBeDefined();
  });

  it('names what is missing where the platform has no WebSocket', async () => {
    daemon = await startDaemon();
    const { WebSocket: own } = globalThis as { WebSocket?: unknown };
    Object.defineProperty(globalThis, 'WebSocket', { value: undefined, configurable: true });
    try {
      expect(() => connectStream(daemon.url)).toThrow(/pass one/);
    } finally {
      Object.defineProperty(globalThis, 'WebSocket', { value: own, configurable: true });
    }
  });
});
