import { describe, expect, it } from 'vitest';
import type { StreamInfo, StreamType } from '../../src/core/signal.js';
import { Watermarks } from '../../src/topology/watermarks.js';

const stream = (id: string, sfreq: number, type: StreamType = 'EEG'): StreamInfo => ({
  id,
  name: id,
  type,
  sourceId: '',
  sfreq,
  channels: [],
});
const eeg = stream('eeg', 100);
const gaze = stream('gaze', 50, 'Gaze');

describe('Watermarks', () => {
  it('reaches a time when every stream does, counting one period after the last stamp', () => {
    const marks = new Watermarks(0.1);
    expect(marks.reached(4)).toBe(false);
    marks.advance(eeg, 3.9, 3.99);
    expect(marks.reached(4)).toBe(true);
    marks.advance(gaze, 3.8, 3.94);
    expect(marks.reached(4)).toBe(false);
    marks.advance(gaze, 3.96, 3.98);
    expect(marks.reached(4)).toBe(true);
  });

  it('waits for a lagging stream until another is ahead by the allowed lateness', () => {
    const marks = new Watermarks(0.1);
    marks.advance(gaze, 0, 3.9);
    marks.advance(eeg, 4.0, 4.09);
    expect(marks.reached(4)).toBe(false);
    marks.advance(eeg, 4.1, 4.19);
    expect(marks.reached(4)).toBe(true);
  });

  it('a long chunk does not make the others late', () => {
    const marks = new Watermarks(0.1);
    marks.advance(gaze, 0, 0.5);
    marks.advance(eeg, 0, 11.99);
    expect(marks.reached(4)).toBe(false);
  });

  it('does not wait for a stale stream', () => {
    const marks = new Watermarks(2);
    marks.advance(gaze, 0, 3);
    marks.advance(eeg, 3.9, 3.99);
    expect(marks.isStale('gaze', 4)).toBe(true);
    expect(marks.isStale('eeg', 4)).toBe(false);
    expect(marks.reached(4)).toBe(true);
  });

  it('keeps the head of a stream that is gone', () => {
    const marks = new Watermarks(0.1);
    marks.advance(eeg, 0, 6.99);
    marks.forget('eeg');
    expect(marks.head).toBeCloseTo(7, 12);
    expect(marks.reached(4)).toBe(false);
  });
});
