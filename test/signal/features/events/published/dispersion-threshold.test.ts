import { describe, expect, it } from 'vitest';
import { dispersionThreshold } from '../../../../../src/signal/features/events/published/dispersion-threshold.js';
import { PublishedLabel } from '../../../../../src/signal/features/events/published/whole-gaze.js';
import { decimated, lundIsHere, lundRecordings, measuredOn, ratedAgreement } from '../lund2013.js';
import { published } from './published-reference.js';

describe('dispersionThreshold', () => {
  it.each(published)("gives numpy's labels at $gaze.sfreq Hz", ({ gaze, labels }) => {
    expect(dispersionThreshold(gaze).join('')).toBe(labels('i-dt'));
  });

  it('adds both directions, and lets a window of just the least duration and dispersion pass', () => {
    const gaze = (n: number, extent: number) => ({
      sfreq: 100,
      x: Array.from({ length: n }, (_, i) => (i === 0 ? extent : 0)),
      y: Array.from({ length: n }, (_, i) => (i === 1 ? 0.5 : 0)),
    });
    const all = (label: number) => new Set([label]);
    expect(new Set(dispersionThreshold(gaze(10, 0.5)))).toEqual(all(PublishedLabel.fixation));
    expect(new Set(dispersionThreshold(gaze(9, 0.5)))).toEqual(all(PublishedLabel.saccade));
    expect(dispersionThreshold(gaze(10, 0.51))).not.toContain(PublishedLabel.fixation);
  });
});

const images = measuredOn('images', await lundRecordings());
describe.skipIf(!lundIsHere)('I-DT on hand-labelled recordings (shared/recordings/lund2013)', () => {
  it.each([
    [62.5, 8, 0.58, 0.52],
    [31.25, 16, 0.63, 0.49],
  ])('agrees with the raters on images as is known of it at %d Hz', (_, step, saccade, fixation) => {
    const slower = images.map((gaze) => decimated(gaze, step));
    expect(ratedAgreement(slower, 'saccade', dispersionThreshold)).toBeCloseTo(saccade, 2);
    expect(ratedAgreement(slower, 'fixation', dispersionThreshold)).toBeCloseTo(fixation, 2);
  });
});
