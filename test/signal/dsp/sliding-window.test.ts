import { describe, expect, it } from 'vitest';
import type { StreamInfo, StreamType } from '../../../src/core/signal.js';
import { SlidingWindow } from '../../../src/signal/dsp/sliding-window.js';
import { chunkOf, streamInfo } from '../../../src/testing/stream-fixtures.js';

const info = (type: StreamType, sfreq: number): StreamInfo =>
  streamInfo({ type, sfreq, labels: ['a'], unit: '' });
const rising = (n: number) => Array.from({ length: n }, (_, i) => i);

describe('SlidingWindow', () => {
  it('takes the nominal number of samples, stamps a hair below the closing time excluded', () => {
    const w = new SlidingWindow(info('EEG', 100), 0.29);
    w.push(
      chunkOf(
        w.info,
        [rising(100)],
        rising(100).map((i) => i / 100 + 1e-8),
      ),
    );
    const { window, reason } = w.at(0.5);
    expect(reason).toBeNull();
    expect(window.length).toBe(29);
    expect([...window.channel(0)]).toEqual(rising(50).slice(21));
    expect(window.times.at(-1)).toBeCloseTo(0.49, 6);
  });

  it('gives every sample to take once, in chunks that span no gap, however they were pushed', () => {
    const stream = info('EEG', 10);
    const w = new SlidingWindow(stream, 1);
    w.push(chunkOf(stream, [rising(25)], 0));
    w.push(chunkOf(stream, [rising(7)], 5, true));
    w.push(chunkOf(stream, [rising(30)], 6, true));
    const taken: [number, number, boolean][] = [];
    for (const time of [1, 2, 2.35, 5.2, 5.6, 6.1, 20]) {
      for (const { times, gapBefore } of w.take(time)) taken.push([times[0], times.length, gapBefore]);
      w.at(time);
    }
    expect(taken).toEqual([
      [0, 10, false],
      [1, 10, false],
      [2, 4, false],
      [2.4, 1, false],
      [5, 2, true],
      [expect.closeTo(5.2, 9), 4, false],
      [expect.closeTo(5.6, 9), 1, false],
      [6, 1, true],
      [expect.closeTo(6.1, 9), 29, false],
    ]);
  });

  it('holds irregular samples with t in [T - window, T) and covers time, not samples', () => {
    const stream = info('IBI', 0);
    const w = new SlidingWindow(stream, 4);
    w.push(chunkOf(stream, [[1, 2, 3, Number.NaN, 5]], [0.4, 1.2, 2, 2.8, 3.6]));
    const { window, reason } = w.at(4);
    expect(reason).toBeNull();
    expect([...window.channel(0)]).toEqual([1, 2, 3, Number.NaN, 5]);
    expect(window.expected).toBe(5);
    expect(window.coverage[0]).toBeCloseTo((4 - 0.8) / 4, 6);
    expect(window.gap).toBe(false);
    const later = w.at(5.2).window;
    expect([...later.channel(0)]).toEqual([2, 3, Number.NaN, 5]);
    expect(w.at(8).window.length).toBe(0);
    expect(w.at(8).reason).toBeNull();
    expect(w.at(8.7).reason).toBe('stale');
  });

  it('warms up where an irregular stream began late, and flags its holes', () => {
    const stream = info('Gaze', 0);
    const w = new SlidingWindow(stream, 4);
    const times = [...rising(100).map((i) => 2 + i / 50), ...rising(100).map((i) => 5 + i / 50)];
    w.push(chunkOf(stream, [times], times));
    expect(w.at(4).reason).toBe('warming-up');
    expect(w.at(5.4).reason).toBe('warming-up');
    expect(w.at(5.5).reason).toBeNull();
    const { window } = w.at(6);
    expect(window.gap).toBe(true);
    expect(window.coverage[0]).toBeCloseTo((4 - 0.52) / 4, 2);
  });

  it('forgets what is past: its memory does not grow with the stream', () => {
    const stream = info('EEG', 100);
    const w = new SlidingWindow(stream, 1);
    let last = 0;
    for (let second = 0; second < 200; second++) {
      w.push(chunkOf(stream, [rising(100).map((i) => second * 100 + i)], second));
      const { window } = w.at(second + 1);
      last = window.channel(0).buffer.byteLength;
      expect(window.channel(0)[99]).toBe(second * 100 + 99);
    }
    expect(last).toBeLessThan(8 * 1000);
  });
});
