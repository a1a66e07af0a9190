import { expect, it } from 'vitest';
import type { StreamMessage } from '../../../src/core/signal.js';
import { Inbox } from '../../../src/pipeline/run/inbox.js';
import { chunkOf, streamInfo } from '../../../src/testing/stream-fixtures.js';

const info = streamInfo({ type: 'EEG', sfreq: 64, labels: ['Cz'], unit: 'uV' });
const chunk = (n: number): StreamMessage => ({
  kind: 'chunk',
  chunk: chunkOf(info, [new Float64Array(n)], 0),
});
const marker = (value: string): StreamMessage => ({
  kind: 'marker',
  marker: { stream: 'm', time: 0, value },
});

it('gives messages in their order, however many come between', () => {
  const inbox = new Inbox();
  const taken: number[] = [];
  let n = 0;
  for (let round = 0; round < 50; round++) {
    for (let k = 0; k < 7; k++) inbox.offer(marker(String(n++)));
    for (let k = 0; k < 5; k++) {
      const message = inbox.take();
      if (message?.kind === 'marker') taken.push(Number(message.marker.value));
    }
  }
  expect(inbox.size).toBe(100);
  for (let message = inbox.take(); message; message = inbox.take())
    if (message.kind === 'marker') taken.push(Number(message.marker.value));
  expect(taken).toEqual(taken.map((_, k) => k));
  expect(taken).toHaveLength(350);
});

it('holds so many messages and values of samples, and everything that opens or closes', () => {
  const inbox = new Inbox(3, 100);
  expect([chunk(60), chunk(40), chunk(1)].map((m) => inbox.offer(m))).toEqual([true, true, false]);
  inbox.take();
  expect([chunk(30), chunk(20), marker('x'), marker('y')].map((m) => inbox.offer(m))).toEqual([
    ...[true, true, false, false],
  ]);
  expect(inbox.offer({ kind: 'open', info })).toBe(true);
  expect(inbox.offer({ kind: 'close', id: info.id })).toBe(true);
});

it('takes any one message where none waits', () => {
  const inbox = new Inbox(3, 100);
  expect(inbox.offer(chunk(1000))).toBe(true);
  expect(inbox.offer(chunk(1))).toBe(false);
});
