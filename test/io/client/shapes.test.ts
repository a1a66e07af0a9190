import { describe, expect, it } from 'vitest';
import { connectStream, IngestConnection } from '../../../src/io/client/index.js';
import { ManualTimers } from './manual-timers.js';
import { SpokenSocket, spoken } from './spoken-socket.js';

const error = { code: -32602, message: 'no', data: { code: 'invalid-params' } };
const answer = (value: unknown) => JSON.stringify({ jsonrpc: '2.0', id: 1, result: value });
const told = (method: string, params?: unknown) => JSON.stringify({ jsonrpc: '2.0', method, params });
const open = { stream: 3, session: 's', last_seq: null, resumed: false, limits: {} };

function subscriber() {
  const client = connectStream('ws://daemon:1', { ...spoken, timers: new ManualTimers() });
  const heard: unknown[] = [];
  const errors: string[] = [];
  client.on('affect', (message) => heard.push(message));
  client.on('state', (state) => heard.push(state));
  client.on('dropped', (dropped) => heard.push(dropped));
  client.on('error', ({ code, message }) => errors.push(`${code}: ${message}`));
  SpokenSocket.newest.open();
  heard.length = 0;
  return { client, socket: SpokenSocket.newest, heard, errors };
}

function sender() {
  const connection = new IngestConnection('ws://daemon:1', { ...spoken, timers: new ManualTimers() });
  const stream = connection.open({ name: 'a', type: 'EEG', sfreq: 100, channels: ['Fp1'] });
  const errors: string[] = [];
  stream.on('error', ({ code, message }) => errors.push(`${code}: ${message}`));
  stream.push([[1]], 0);
  SpokenSocket.newest.open();
  return { stream, socket: SpokenSocket.newest, errors };
}

const settled = () => new Promise(setImmediate);

it('an `ack` of a frame that was never sent is none: the frames that wait are kept', async () => {
  const { stream, socket, errors } = sender();
  socket.say(answer(open));
  await settled();
  socket.say(told('ack', { stream: 3, seq: 1 }));
  expect(errors).toEqual([expect.stringMatching(/^invalid-message: ws:/)]);
  expect(stream.unacknowledged).toBe(1);
  socket.say(told('ack', { stream: 3, seq: 0 }));
  expect(stream.unacknowledged).toBe(0);
});

describe('what a daemon sends that is no message', () => {
  it.each([
    '<html>',
    '',
    'null',
    '3',
    '[]',
    JSON.stringify({ id: null, error: 'no' }),
    JSON.stringify({ id: null, error: { message: 'no' } }),
    JSON.stringify({ id: 7, error: { message: 'no', data: {} } }),
  ])('is told in one line, and left out: %s', (text) => {
    for (const { socket, errors } of [subscriber(), sender()]) {
      socket.say(text);
      expect(errors).toHaveLength(1);
      expect(errors[0]).toContain('invalid-message: ws://daemon:1/v1/');
      expect(errors[0]).toContain(`${JSON.stringify(text)} is no message of affectd's protocol; check that`);
    }
  });

  it('is repeated in part only', () => {
    const { socket, errors } = subscriber();
    socket.say('x\n'.repeat(1e5));
    expect(errors[0].length).toBeLessThan(400);
    expect(errors[0]).not.toContain('\n');
  });

  it.each([
    JSON.stringify({ stream: 3 }),
    JSON.stringify({ stream: 'affect', session: 's', node: 'a', run: 'r' }),
    JSON.stringify({ stream: 'affect', session: 's', node: {}, run: 'r', seq: 1 }),
    JSON.stringify({ stream: 'state', session: 's' }),
    JSON.stringify({ stream: 'error', session: 's' }),
    told('dropped'),
    told('dropped', { stream: 'affect' }),
  ])('is not heard by a subscriber: %s', (text) => {
    const { socket, heard, errors } = subscriber();
    socket.say(text);
    expect(heard).toEqual([]);
    expect(errors).toHaveLength(1);
  });

  it.each([told('ack'), told('ack', { stream: 3 }), told('ack', { stream: 3, seq: '0' })])(
    'acknowledges no frame: %s',
    async (text) => {
      const { stream, socket, errors } = sender();
      socket.say(answer(open));
      await settled();
      socket.say(text);
      expect(stream.unacknowledged).toBe(1);
      expect(errors).toHaveLength(1);
      socket.say(told('ack', { stream: 3, seq: 0 }));
      expect(stream.unacknowledged).toBe(0);
    },
  );

  it.each([
    undefined,
    null,
    [],
    { ...open, stream: '3' },
    { ...open, last_seq: 0.5 },
    { ...open, limits: null },
  ])('opens no stream: %j', async (result) => {
    const { stream, socket, errors } = sender();
    socket.say(answer(result));
    await settled();
    expect(errors).toEqual([expect.stringMatching(/^invalid-message: ws:/)]);
    expect(() => stream.push([[1]], 1)).toThrow(/is no message/);
  });

  it('is no subscription', async () => {
    for (const result of [undefined, 3, { success: [] }, { success: {}, failure: [] }]) {
      const { client, socket } = subscriber();
      const asking = client.subscribe({ streams: ['affect'] });
      socket.say(answer(result));
      await expect(asking).rejects.toMatchObject({ code: 'invalid-message' });
    }
  });
});

it('what a newer daemon says beside is no error', () => {
  const { socket, heard, errors } = subscriber();
  for (const text of [
    told('later', 3),
    JSON.stringify({ stream: 'mood', session: 's', more: 1 }),
    '{}',
    JSON.stringify({ stream: 'affect', session: 's', node: 'a', run: 'r', seq: 0, more: 1 }),
    JSON.stringify({ id: null, error }),
  ])
    socket.say(text);
  expect(errors).toEqual(['invalid-params: no']);
  expect(heard).toHaveLength(1);
});
