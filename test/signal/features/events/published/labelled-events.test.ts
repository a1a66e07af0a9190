import { describe, expect, it } from 'vitest';
import { labelledEvents } from '../../../../../src/signal/features/events/published/labelled-events.js';
import { published } from './published-reference.js';

describe('labelledEvents', () => {
  it.each(published)("gives numpy's events at $gaze.sfreq Hz", ({ gaze, times, labels, events }) => {
    const found = labelledEvents(times, gaze, Uint8Array.from(labels('i-vt'), Number));
    expect(found.map(({ kind }) => kind)).toEqual(events.map(({ kind }) => kind));
    for (const [i, { onset_s, end_s, from, to, extent }] of found.entries()) {
      const { start, stop, extent: expected } = events[i];
      expect(onset_s).toBeCloseTo(events[i].onset_s, 9);
      expect(end_s).toBeCloseTo(events[i].end_s, 9);
      for (const axis of [0, 1]) {
        expect(from[axis]).toBe(start[axis]);
        expect(to[axis]).toBe(stop[axis]);
        expect(extent[axis]).toBeCloseTo(expected[axis], 9);
      }
    }
  });

  it('tells what comes after a loss, and what after a stretch without a label alone', () => {
    const nan = Number.NaN;
    const x = [0, 0, 1, 1, nan, 1, 1];
    const labels = Uint8Array.from([1, 1, 0, 1, 0, 2, 2]);
    const found = labelledEvents([0, 1, 2, 3, 4, 5, 6], { sfreq: 1, x, y: x }, labels);
    expect(found.map(({ kind, onset_s, end_s, afterLoss }) => [kind, onset_s, end_s, afterLoss])).toEqual([
      ['fixation', 0, 2, true],
      ['fixation', 3, 4, false],
      ['saccade', 5, 7, true],
    ]);
  });
});
