import { expect, it } from 'vitest';
import type { StreamMessage } from '../../../src/core/signal.js';
import { Backlog } from '../../../src/pipeline/session/backlog.js';
import { chunkOf, streamInfo } from '../../../src/testing/stream-fixtures.js';

const eeg = streamInfo({ type: 'EEG', sfreq: 10, labels: ['Cz'], unit: 'uV' });
const gaze = { ...streamInfo({ type: 'Gaze', sfreq: 10, labels: ['x'], unit: 'px' }), id: 'gaze' };
const chunk = (info: typeof eeg, t: number): StreamMessage => ({
  kind: 'chunk',
  chunk: chunkOf(info, [[1, 2]], t),
});

it('gives samples in order of time over all streams, each stream in its own order with what opens and closes it', () => {
  const backlog = new Backlog();
  expect(backlog.isEmpty).toBe(true);
  const marker: StreamMessage = { kind: 'marker', marker: { stream: 'm', time: 1.5, value: 'go' } };
  const openGaze: StreamMessage = { kind: 'open', info: gaze };
  const closeEeg: StreamMessage = { kind: 'close', id: eeg.id };
  const openEeg: StreamMessage = { kind: 'open', info: { ...eeg, sfreq: 5 } };
  const [first, second, again] = [chunk(eeg, 1), chunk(eeg, 2), chunk(eeg, 3)];
  const [look, last] = [chunk(gaze, 1.7), chunk(gaze, 2.5)];
  for (const message of [first, second, closeEeg, openEeg, again, marker, openGaze, look, last])
    backlog.add(message);
  expect([backlog.isEmpty, backlog.isFull]).toEqual([false, false]);
  expect(backlog.take()).toEqual([first, marker, openGaze, look, second, closeEeg, last, openEeg, again]);
  expect(backlog.take()).toEqual([]);
});

it('puts nothing before what is told of the session', () => {
  const backlog = new Backlog();
  const zero: StreamMessage = { kind: 'zero', time: 2 };
  const given = [chunk(eeg, 2), zero, chunk(gaze, 1), chunk(eeg, 0)];
  for (const message of given) backlog.add(message);
  expect(backlog.take()).toEqual([given[0], zero, given[3], given[2]]);
});

it('is full by a count of messages', () => {
  const backlog = new Backlog();
  for (let i = 0; i < 32_768; i++) backlog.add(chunk(eeg, i));
  expect(backlog.isFull).toBe(true);
});
