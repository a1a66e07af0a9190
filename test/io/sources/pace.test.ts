import { expect, it } from 'vitest';
import { VirtualClock } from '../../../src/core/clock.js';
import type { StreamMessage } from '../../../src/core/signal.js';
import { pace } from '../../../src/io/sources/pace.js';
import { chunkOf, streamInfo } from '../../../src/testing/stream-fixtures.js';

const eeg = streamInfo({ type: 'EEG', sfreq: 10, labels: ['Cz'], unit: 'uV' });
const messages: StreamMessage[] = [
  { kind: 'open', info: eeg },
  ...[100, 100.5, 103].map(
    (t): StreamMessage => ({ kind: 'chunk', chunk: chunkOf(eeg, [[1, 2]], [t, t + 0.125]) }),
  ),
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

it('gives each chunk when its last sample was measured', async () => {
  const { clock, seen, done } = play(1);
  for (let i = 0; i < 40; i++) {
    await settle();
    clock.advance(0.125);
  }
  await done;
  expect(seen).toEqual([
    ['open', 0],
    ['chunk', 0.125],
    ['chunk', 0.625],
    ['chunk', 3.125],
    ['close', 3.125],
  ]);
});

it('runs as many times faster as asked', async () => {
  const { clock, seen, done } = play(4);
  for (let i = 0; i < 40; i++) {
    await settle();
    clock.advance(0.03125);
  }
  await done;
  expect(seen.map(([, time]) => time)).toEqual([0, 0.03125, 0.15625, 0.78125, 0.78125]);
});

it("does not let a slow stream's long chunk hold up the others", async () => {
  const clock = new VirtualClock();
  const slow: StreamMessage = { kind: 'chunk', chunk: chunkOf(eeg, [[1, 2]], [0, 8]) };
  const seen: number[] = [];
  const done = (async () => {
    for await (const _ of pace([slow], { clock, speed: 1 })) seen.push(clock.now());
  })();
  for (let i = 0; i < 20; i++) {
    await settle();
    clock.advance(0.125);
  }
  await done;
  expect(seen).toEqual([0.5]);
});

it('ends at once when told to', async () => {
  const stop = new AbortController();
  const { seen, done } = play(1, stop.signal);
  await settle();
  stop.abort();
  await done;
  expect(seen.map(([kind]) => kind)).toEqual(['open']);
});
