import { expect, it } from 'vitest';
import { VirtualClock } from '../../src/core/clock.js';
import type { StreamMessage } from '../../src/core/signal.js';
import { pace } from '../../src/sources/pace.js';
import { chunkOf, streamInfo } from '../../src/testing/stream-fixtures.js';

const eeg = streamInfo({ type: 'EEG', sfreq: 10, labels: ['Cz'], unit: 'uV' });
const messages: StreamMessage[] = [
  { kind: 'open', info: eeg },
  ...[100, 100.5, 103].map((t): StreamMessage => ({ kind: 'chunk', chunk: chunkOf(eeg, [[1, 2]], t) })),
  { kind: 'close', id: eeg.id },
];

/** Lets promises that are due settle. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function play(speed: number, signal?: AbortSignal) {
  const clock = new VirtualClock(7);
  const seen: [kind: string, time: number][] = [];
  const done = (async () => {
    for await (const message of pace(messages, { clock, speed, ...(signal ? { signal } : {}) })) {
      seen.push([message.kind, clock.now() - 7]);
    }
  })();
  return { clock, seen, done };
}

it('gives each chunk when its first sample was measured', async () => {
  const { clock, seen, done } = play(1);
  for (let i = 0; i < 40; i++) {
    await settle();
    clock.advance(0.125);
  }
  await done;
  expect(seen).toEqual([
    ['open', 0],
    ['chunk', 0],
    ['chunk', 0.5],
    ['chunk', 3],
    ['close', 3],
  ]);
});

it('runs as many times faster as asked', async () => {
  const { clock, seen, done } = play(4);
  for (let i = 0; i < 20; i++) {
    await settle();
    clock.advance(0.125);
  }
  await done;
  expect(seen.map(([, time]) => time)).toEqual([0, 0, 0.125, 0.75, 0.75]);
});

it('ends at once when told to', async () => {
  const stop = new AbortController();
  const { seen, done } = play(1, stop.signal);
  await settle();
  stop.abort();
  await done;
  expect(seen.map(([kind]) => kind)).toEqual(['open', 'chunk']);
});
