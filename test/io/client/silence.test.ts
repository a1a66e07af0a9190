import { expect, it } from 'vitest';
import { connectStream } from '../../../src/io/client/index.js';
import type { WebSocketLike } from '../../../src/io/client/web-socket.js';
import { ManualTimers } from './manual-timers.js';

/** A connection of which only what the test says is heard. */
class QuietSocket implements WebSocketLike {
  static readonly made: QuietSocket[] = [];
  binaryType = '';
  isEnded = false;
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: string }) => void) | null = null;
  onclose: ((event: { code: number; reason: string }) => void) | null = null;
  onerror: (() => void) | null = null;

  constructor() {
    QuietSocket.made.push(this);
  }
  send(): void {}
  close(): void {}
  terminate(): void {
    this.isEnded = true;
  }
}

function connected() {
  QuietSocket.made.length = 0;
  const timers = new ManualTimers();
  const client = connectStream('ws://localhost:1', { WebSocket: QuietSocket, timers });
  const states: string[] = [];
  client.on('state', (state) => states.push(state));
  return { client, timers, states };
}

it('a connection that falls silent is given up, and made again; what was left of it is heard no more', () => {
  const { client, timers, states } = connected();
  const [socket] = QuietSocket.made;
  socket.onopen?.();
  for (let k = 0; k < 5; k++) {
    timers.pass();
    expect(socket.isEnded).toBe(false);
    socket.onmessage?.({ data: '{"jsonrpc":"2.0","method":"alive"}' });
  }
  timers.pass();
  expect(socket.isEnded).toBe(false);
  timers.pass();
  expect([socket.isEnded, states]).toEqual([true, ['open', 'reconnecting']]);
  timers.fire();
  expect(QuietSocket.made).toHaveLength(2);
  socket.onclose?.({ code: 1006, reason: '' });
  QuietSocket.made[1].onopen?.();
  expect(states).toEqual(['open', 'reconnecting', 'connecting', 'open']);
  client.close();
  timers.pass();
  expect(QuietSocket.made[1].isEnded).toBe(false);
});

it('one that never opens is tried again', () => {
  const { client, timers } = connected();
  timers.pass();
  expect(QuietSocket.made[0].isEnded).toBe(true);
  timers.fire();
  expect(QuietSocket.made).toHaveLength(2);
  client.close();
});
