import { expect, it } from 'vitest';
import type { StreamMessage } from '../../../src/core/signal.js';
import { Backlog } from '../../../src/pipeline/session/backlog.js';
import { chunkOf, streamInfo } from '../../../src/testing/stream-fixtures.js';

const eeg = streamInfo({ type: 'EEG', sfreq: 10, labels: ['Cz'], unit: 'uV' });
const gaze = streamInfo({ type: 'Gaze', sfreq: 10, labels: ['x'], unit: 'px' });
const chunk = (info: typeof eeg, t: number): StreamMessage => ({
  kind: 'chunk',
  chunk: chunkOf(info, [[1, 2]], t),
});

it('gives samples in order of time over all streams; what opens and closes keeps its place', () => {
  const backlog = new Backlog();
  const marker: StreamMessage = { kind: 'marker', marker: { stream: 'm', time: 1.5, value: 'go' } };
  const open: StreamMessage = { kind: 'open', info: gaze };
  const given = [
    chunk(eeg, 1),
    chunk(eeg, 2),
    marker,
    open,
    chunk(eeg, 3),
    chunk(gaze, 2.5),
    chunk(eeg, 2.5),
  ];
  for (const message of given) backlog.add(message);
  expect(backlog.isFull).toBe(false);
  expect(backlog.take()).toEqual([...[given[0], marker, given[1]], ...[open, given[5], given[6], given[4]]]);
  expect(backlog.take()).toEqual([]);
});

it('is full by a count of messages', () => {
  const backlog = new Backlog();
  for (let i = 0; i < 65_536; i++) backlog.add(chunk(eeg, i));
  expect(backlog.isFull).toBe(true);
});
