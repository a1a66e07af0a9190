import { expect, it } from 'vitest';
import type { WebSocket } from 'ws';
import { defaultStreamLimits, type StreamLimits } from '../../../../src/io/protocol/limits.js';
import { Delivery } from '../../../../src/io/sinks/queue/delivery.js';
import { SubscriberQueue } from '../../../../src/io/sinks/queue/subscriber-queue.js';

const BYTES = 1000;
const delivery = (name: number, key = String(name)): Delivery => {
  const text = `{"stream":"sys","session":"s","name":${name},"fill":""}`;
  const message = { ...JSON.parse(text), fill: 'x'.repeat(BYTES - text.length) };
  return new Delivery(message, key);
};

/** A queue whose socket takes one message, and the next ones when it is told to. */
function queueOf(limits: Partial<StreamLimits>) {
  const sent: number[] = [];
  const taken: (() => void)[] = [];
  const told: string[] = [];
  const socket = {
    ...{ OPEN: 1, readyState: 1 },
    send: (bytes: Buffer, _: unknown, done: () => void) => {
      sent.push(JSON.parse(bytes.toString()).name);
      taken.push(done);
    },
  };
  const queue = new SubscriberQueue(
    socket as unknown as WebSocket,
    { ...defaultStreamLimits, in_flight_bytes: 1, ...limits },
    {
      sent: () => {},
      dropped: ({ bytes }) => told.push(`dropped ${JSON.parse(bytes.toString()).name}`),
      tellDropped: ({ count }) => told.push(`tells ${count}`),
      overflowed: () => told.push('overflowed'),
    },
  );
  const read = (): void => {
    for (let next = taken.shift(); next; next = taken.shift()) next();
  };
  return { queue, sent, told, read };
}

it('bytes that wait are bounded, whatever the policy: the oldest that may go goes', () => {
  const { queue, sent, told, read } = queueOf({ queue_bytes: 3 * BYTES });
  queue.offer(delivery(0), 'buffer');
  queue.offer(delivery(1), 'buffer');
  queue.offer(delivery(2, 'a'), 'latest');
  queue.offer(delivery(3), 'drop-oldest');
  expect([sent, told]).toEqual([[0], []]);
  queue.offer(delivery(4, 'b'), 'latest');
  queue.offer(delivery(5), 'buffer');
  expect(told).toEqual(['dropped 2', 'dropped 3']);
  queue.offer(delivery(6, 'c'), 'latest');
  expect(told.slice(2)).toEqual(['dropped 4']);
  read();
  expect(sent).toEqual([0, 1, 5, 6]);
  expect(told.slice(3)).toEqual(['tells 3']);
  // What was read waits no more.
  for (let k = 7; k < 11; k++) queue.offer(delivery(k), 'buffer');
  expect(told).toHaveLength(4);
});

it('a connection whose messages may not go is closed where they weigh too much', () => {
  const { queue, told } = queueOf({ queue_bytes: 3 * BYTES });
  for (let k = 0; k < 4; k++) queue.offer(delivery(k), 'buffer');
  expect(told).toEqual([]);
  queue.offer(delivery(4), 'buffer');
  queue.offer(delivery(5), 'latest');
  expect(told).toEqual(['overflowed']);
});

it('one that reads is weighed at nothing', () => {
  const { queue, sent, told, read } = queueOf({ queue_bytes: BYTES });
  for (let k = 0; k < 100; k++) {
    queue.offer(delivery(k), 'buffer');
    read();
  }
  expect([sent.length, told]).toEqual([100, []]);
});
