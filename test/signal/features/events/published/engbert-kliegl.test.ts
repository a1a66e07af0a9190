import { describe, expect, it } from 'vitest';
import { engbertKliegl } from '../../../../../src/signal/features/events/published/engbert-kliegl.js';
import { PublishedLabel } from '../../../../../src/signal/features/events/published/whole-gaze.js';
import { decimated, lundIsHere, lundRecordings, measuredOn, ratedAgreement } from '../lund2013.js';
import { published } from './published-reference.js';

describe('engbertKliegl', () => {
  it.each(published)("gives numpy's labels at $gaze.sfreq Hz", ({ gaze, labels }) => {
    expect(engbertKliegl(gaze).join('')).toBe(labels('e-k'));
  });

  it('does not depend on the scale of gaze, as its threshold comes from the gaze itself', () => {
    for (const { gaze } of published) {
      const scaled = (row: readonly number[]) => row.map((v) => 8 * v);
      expect(engbertKliegl({ ...gaze, x: scaled(gaze.x), y: scaled(gaze.y) })).toEqual(engbertKliegl(gaze));
    }
  });

  it('tells a saccade where gaze is otherwise held to the bit', () => {
    const x = Array.from({ length: 1000 }, (_, i) => Math.min(10, Math.max(0, i - 500)));
    const labels = engbertKliegl({ sfreq: 500, x, y: x.map(() => 3) });
    expect([...labels.subarray(503, 508)]).toEqual(Array(5).fill(PublishedLabel.saccade));
    expect(labels[100]).toBe(PublishedLabel.fixation);
  });

  it('finds fixation alone where nothing moves, and nothing where no eye was seen', () => {
    const still = engbertKliegl({ sfreq: 100, x: Array(100).fill(1), y: Array(100).fill(2) });
    expect(new Set(still.subarray(2, 98))).toEqual(new Set([PublishedLabel.fixation]));
    const lost = Array(100).fill(Number.NaN);
    expect(new Set(engbertKliegl({ sfreq: 100, x: lost, y: lost }))).toEqual(new Set([PublishedLabel.none]));
  });
});

const recordings = await lundRecordings();
describe.skipIf(!lundIsHere)('E-K on hand-labelled recordings (shared/recordings/lund2013)', () => {
  // What a separate implementation in numpy reaches on the same samples.
  it.each([
    ['images', 500, 1, 0.829, 0.779],
    ['images', 125, 4, 0.79, 0.696],
    ['dots', 500, 1, 0.626, 0.014],
    ['dots', 125, 4, 0.705, 0.001],
  ] as const)('agrees with the raters as it should: %s at %d Hz', (kind, _, step, saccade, fixation) => {
    const gazes = measuredOn(kind, recordings).map((gaze) => decimated(gaze, step));
    expect(Math.abs(ratedAgreement(gazes, 'saccade', engbertKliegl) - saccade)).toBeLessThan(0.002);
    expect(Math.abs(ratedAgreement(gazes, 'fixation', engbertKliegl) - fixation)).toBeLessThan(0.002);
  });
});
