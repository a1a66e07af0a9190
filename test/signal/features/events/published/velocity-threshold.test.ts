import { describe, expect, it } from 'vitest';
import { velocityThreshold } from '../../../../../src/signal/features/events/published/velocity-threshold.js';
import { PublishedLabel } from '../../../../../src/signal/features/events/published/whole-gaze.js';
import { decimated, lundIsHere, lundRecordings, measuredOn, ratedAgreement } from '../lund2013.js';
import { published } from './published-reference.js';

describe('velocityThreshold', () => {
  it.each(published)("gives numpy's labels at $gaze.sfreq Hz", ({ gaze, labels }) => {
    expect(velocityThreshold(gaze).join('')).toBe(labels('i-vt'));
  });

  it('takes a step above the threshold, and not one below, for a saccade', () => {
    // Over 40 ms at 500 Hz.
    const at = (speed: number) =>
      Array.from({ length: 300 }, (_, i) => (speed * Math.min(20, Math.max(0, i - 100))) / 500);
    const y = Array(300).fill(0);
    expect(velocityThreshold({ sfreq: 500, x: at(46), y })).toContain(PublishedLabel.saccade);
    expect(velocityThreshold({ sfreq: 500, x: at(44), y })).not.toContain(PublishedLabel.saccade);
  });
});

const recordings = await lundRecordings();
describe.skipIf(!lundIsHere)('I-VT on hand-labelled recordings (shared/recordings/lund2013)', () => {
  // What a separate implementation in numpy reaches on the same samples.
  it.each([
    ['images', 500, 1, 0.828, 0.73],
    ['images', 125, 4, 0.825, 0.665],
    ['images', 62.5, 8, 0.698, 0.644],
    ['images', 31.25, 16, 0.5, 0.537],
    ['dots', 500, 1, 0.647, 0.014],
    ['dots', 125, 4, 0.639, -0.003],
  ] as const)('agrees with the raters as it should: %s at %d Hz', (kind, _, step, saccade, fixation) => {
    const gazes = measuredOn(kind, recordings).map((gaze) => decimated(gaze, step));
    expect(Math.abs(ratedAgreement(gazes, 'saccade', velocityThreshold) - saccade)).toBeLessThan(0.002);
    expect(Math.abs(ratedAgreement(gazes, 'fixation', velocityThreshold) - fixation)).toBeLessThan(0.002);
  });
});
