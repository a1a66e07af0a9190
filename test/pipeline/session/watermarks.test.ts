import { describe, expect, it } from 'vitest';
import type { StreamInfo, StreamType } from '../../../src/core/signal.js';
import { Watermarks } from '../../../src/pipeline/session/watermarks.js';

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
    expect(marks.reached(4, false)).toBe(false);
    marks.advance(eeg, 3.9, 3.99);
    expect(marks.reached(4, false)).toBe(true);
    marks.advance(gaze, 3.8, 3.94);
    expect(marks.reached(4, false)).toBe(false);
    marks.advance(gaze, 3.96, 3.98);
    expect(marks.reached(4, false)).toBe(true);
  });

  it('waits for a lagging stream until another is ahead by the allowed lateness', () => {
    const marks = new Watermarks(0.1);
    marks.advance(gaze, 0, 3.9);
    marks.advance(eeg, 4.0, 4.09);
    expect(marks.reached(4, false)).toBe(false);
    marks.advance(eeg, 4.1, 4.19);
    expect(marks.reached(4, false)).toBe(true);
  });

  it('a long chunk does not make the others late', () => {
    const marks = new Watermarks(0.1);
    marks.advance(gaze, 0, 0.5);
    marks.advance(eeg, 0, 11.99);
    expect(marks.reached(4, false)).toBe(false);
  });

  it('does not wait for a stream that was told to be stale, until it is back', () => {
    const marks = new Watermarks(2);
    marks.advance(gaze, 0, 3);
    marks.advance(eeg, 3.9, 3.99);
    expect(marks.reached(4, false)).toBe(false);
    marks.setStale('gaze', true);
    expect([marks.isStale('gaze'), marks.isStale('eeg'), marks.isStale('nobody')]).toEqual([
      true,
      false,
      true,
    ]);
    expect(marks.reached(4, false)).toBe(true);
    marks.setStale('gaze', false);
    expect(marks.reached(4, false)).toBe(false);
  });

  it('knows of no end while all are stale', () => {
    const marks = new Watermarks(2);
    marks.advance(eeg, 3.9, 3.99);
    marks.setStale('eeg', true);
    expect(marks.reached(4, false)).toBe(false);
  });

  it.each([
    ['slow', stream('eda', 4, 'EDA')],
    ['irregular', stream('hr', 0, 'HR')],
  ])('waits for a %s one only until samples come that begin after the window', (_, slow) => {
    const marks = new Watermarks(2);
    marks.advance(slow, 0, 3.1);
    marks.advance(eeg, 3.8, 3.99);
    expect(marks.reached(4, false)).toBe(false);
    marks.advance(eeg, 4, 4.09);
    expect(marks.reached(4, false)).toBe(true);
  });

  it('goes by slow ones where there are no others', () => {
    const marks = new Watermarks(2);
    marks.advance(stream('eda', 4, 'EDA'), 3, 3.75);
    expect(marks.reached(4, false)).toBe(true);
  });

  it('waits no longer for any for the first window', () => {
    const marks = new Watermarks(2);
    marks.advance(gaze, 0, 3);
    marks.advance(eeg, 4, 4.09);
    expect([marks.reached(4, false), marks.reached(4, true)]).toEqual([false, true]);
  });

  it('keeps the head of a stream that is gone', () => {
    const marks = new Watermarks(0.1);
    marks.advance(eeg, 0, 6.99);
    marks.forget('eeg');
    expect(marks.head).toBeCloseTo(7, 12);
    expect(marks.reached(4, false)).toBe(false);
  });
});
