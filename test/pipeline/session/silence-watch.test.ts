import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../../../src/core/clock.js';
import type { StreamMessage } from '../../../src/core/signal.js';
import { SilenceWatch } from '../../../src/pipeline/session/silence-watch.js';
import { chunkOf, streamInfo } from '../../../src/testing/stream-fixtures.js';

const eeg = streamInfo({ type: 'EEG', sfreq: 100, labels: ['Cz'], unit: 'uV' });
const gaze = streamInfo({ type: 'Gaze', sfreq: 60, labels: ['x'], unit: 'px' });
const heart = streamInfo({ type: 'HR', sfreq: 0, labels: ['hr'], unit: '1/min' });

/** A rate at which no source takes a stream. */
const UNUSABLE_HZ = 3;

function textOf(message: StreamMessage): string {
  if (message.kind === 'open') return `open ${message.info.type}`;
  if (message.kind === 'chunk') return message.chunk.times[0].toFixed(2);
  if (message.kind === 'stale') return `${message.stream} ${message.isStale ? 'silent' : 'back'}`;
  return message.kind;
}

function start() {
  const clock = new VirtualClock(1000);
  const told: string[] = [];
  const unbound = new Set<string>();
  const watch = new SilenceWatch(clock, {
    feeds: (id) => !unbound.has(id),
    keeps: ({ sfreq }) => sfreq !== UNUSABLE_HZ,
    tell: (message) => told.push(textOf(message)),
  });
  // Samples come between its looks.
  clock.advance(0.05);
  /** `span_s` of samples that end at stamp `time`. */
  const hear = (info: typeof eeg, time: number, span_s: number): void => {
    const n = Math.max(1, Math.round(span_s * info.sfreq));
    const times = Array.from({ length: n }, (_, i) => time - (n - i) / Math.max(1, info.sfreq));
    watch.hear(
      chunkOf(
        info,
        info.channels.map(() => times),
        times,
      ),
      false,
    );
  };
  return { clock, watch, hear, unbound, take: (): string[] => told.splice(0) };
}

describe('SilenceWatch', () => {
  it('says nothing while samples come', () => {
    const { clock, watch, hear, take } = start();
    for (let t = 1; t < 5; t += 0.5) {
      hear(eeg, t, 0.5);
      clock.advance(0.5);
    }
    watch.close();
    expect(take()).toEqual([]);
  });

  it('tells after 0.6 s that the only stream is silent, and how far time has come, from where its samples ended', () => {
    const { clock, watch, hear, take } = start();
    hear(eeg, 50, 0.1);
    clock.advance(1);
    expect(take()).toEqual(['eeg silent', 'open Ticks', '50.65', '50.75', '50.85', '50.95']);
    hear(eeg, 51.1, 0.1);
    expect(take()).toEqual(['eeg back']);
    for (const time of [51.2, 51.3]) {
      clock.advance(0.1);
      hear(eeg, time, 0.1);
    }
    clock.advance(0.6);
    expect(take()).toEqual([]);
    clock.advance(0.1);
    expect(take()).toEqual(['eeg silent', '51.95']);
    watch.close();
    expect(take()).toEqual(['close']);
    clock.advance(60);
    expect(take()).toEqual([]);
  });

  it('ticks only once every stream is silent, and tells of each', () => {
    const { clock, hear, take } = start();
    hear(eeg, 50, 0.1);
    hear(heart, 50, 0);
    for (let t = 0.4; t < 4.9; t += 0.4) {
      clock.advance(0.4);
      hear(gaze, 50 + t, 0.4);
    }
    expect(take()).toEqual(['eeg silent']);
    clock.advance(0.6);
    expect(take()).toEqual(['hr silent']);
    clock.advance(0.1);
    expect(take()).toEqual(['gaze silent', 'open Ticks', '55.45']);
  });

  it('goes by how a stream’s messages come: of 1.5 s each from the second on', () => {
    const { clock, hear, take } = start();
    for (let k = 1; k <= 4; k++) {
      hear(gaze, 1.5 * k, 1.5);
      clock.advance(1.5);
    }
    expect(take().filter((text) => text === 'gaze silent')).toHaveLength(1);
    for (let k = 5; k <= 8; k++) {
      hear(gaze, 1.5 * k, 1.5);
      clock.advance(1.5);
    }
    expect(take()).toEqual([]);
    clock.advance(0.9);
    expect(take()[0]).toBe('gaze silent');
  });

  it('forgets a stream that feeds nothing any more: time goes on without it', () => {
    const { clock, hear, unbound, take } = start();
    hear(eeg, 50, 0.1);
    unbound.add('eeg');
    clock.advance(0.4);
    expect(take()).toEqual(['open Ticks', '50.05', '50.15', '50.25', '50.35']);
  });

  it('takes a stream that is described anew for silent until it feeds a source again, and its way of coming along', () => {
    const { clock, watch, hear, take } = start();
    const other = { ...gaze, channels: gaze.channels.map((channel) => ({ ...channel, label: 'other' })) };
    for (let k = 1; k <= 5; k++) {
      hear(gaze, 1.5 * k, 1.5);
      clock.advance(1.5);
    }
    take();
    watch.describe({ ...gaze });
    expect(take()).toEqual([]);
    watch.describe(other);
    expect(take()).toEqual(['gaze silent']);
    hear(other, 9, 1.5);
    clock.advance(2.2);
    expect(take()).toEqual(['gaze back']);
  });

  it('goes on hearing a stream whose rate turns out to be another, unless a source can’t take it at that', () => {
    const { clock, watch, hear, take } = start();
    const slower = { ...gaze, sfreq: 30 };
    hear(gaze, 1.5, 1.5);
    take();
    watch.describe(slower);
    expect(take()).toEqual([]);
    hear(slower, 3, 1.5);
    clock.advance(0.2);
    expect(take()).toEqual([]);
    watch.describe({ ...gaze, sfreq: UNUSABLE_HZ });
    expect(take()).toEqual(['gaze silent']);
  });

  it('has nothing to say of a session that never sent a sample', () => {
    const { clock, take } = start();
    clock.advance(60);
    expect(take()).toEqual([]);
  });

  it('is quiet once nobody listens', () => {
    const { clock, watch, hear, take } = start();
    hear(eeg, 50, 0.1);
    watch.stop();
    clock.advance(60);
    expect(take()).toEqual([]);
  });
});
