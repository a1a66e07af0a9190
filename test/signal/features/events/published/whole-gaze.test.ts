import { describe, expect, it } from 'vitest';
import { keepLong, samplesOf } from '../../../../../src/signal/features/events/published/whole-gaze.js';

describe('whole gaze', () => {
  it('takes a time for a whole number of samples, one at least', () => {
    expect([500, 250, 60, 25].map((sfreq) => samplesOf(0.01, sfreq))).toEqual([5, 3, 1, 1]);
  });

  it('clears stretches shorter than the least of their label, at the ends, too', () => {
    const labels = Uint8Array.from([1, 2, 2, 1, 1, 1, 0, 2, 1, 1]);
    expect([...keepLong(labels, { 1: 3, 2: 2 })]).toEqual([0, 2, 2, 1, 1, 1, 0, 0, 0, 0]);
  });
});
