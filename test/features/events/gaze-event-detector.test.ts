import { describe, expect, it } from 'vitest';
import { type GazeEvent, LOOK_AHEAD_S } from '../../../src/features/events/gaze-event.js';
import { GazeEventDetector } from '../../../src/features/events/gaze-event-detector.js';
import { simulateGazeScene } from '../../../src/simulation/gaze-scene.js';
import {
  decimated,
  kappa,
  type LabelledGaze,
  lundIsHere,
  lundRecordings,
  velocityThreshold,
} from './lund2013.js';
import { eventsOf, f1, matchEvents } from './matching.js';

const sceneAt = (sfreq: number, options: Partial<Parameters<typeof simulateGazeScene>[0]> = {}) =>
  simulateGazeScene({
    seed: 1,
    sfreq,
    duration_s: 180,
    pursuitShare: 0.3,
    noise_deg: 0.03,
    blinks_per_min: 15,
    ...options,
  });

/** Least F1 of fixation, saccade, pursuit and blink. */
const rates: readonly (readonly [
  sfreq: number,
  fixation: number,
  saccade: number,
  pursuit: number,
  blink: number,
])[] = [
  [30, 0.83, 0.94, 0.78, 1],
  [60, 0.9, 0.97, 0.88, 1],
  [125, 0.88, 0.97, 0.88, 1],
  [250, 0.88, 0.97, 0.88, 1],
  [500, 0.86, 0.97, 0.84, 1],
  [1000, 0.86, 0.97, 0.84, 1],
  [1200, 0.86, 0.97, 0.84, 1],
];

describe('GazeEventDetector', () => {
  it.each(rates)('finds what the simulated eye does at %i Hz', (sfreq, ...least) => {
    const scene = sceneAt(sfreq);
    const events = eventsOf(scene);
    for (const [k, kind] of (['fixation', 'saccade', 'pursuit', 'blink'] as const).entries())
      expect(f1(matchEvents(kind, scene, events)), kind).toBeGreaterThanOrEqual(least[k]);
  });

  it.each([60, 125, 250, 500, 1000])('finds nine in ten edges of blinks to 20 ms at %i Hz', (sfreq) => {
    const scene = sceneAt(sfreq, { duration_s: 300 });
    const { pairs, truths } = matchEvents('blink', scene, eventsOf(scene));
    const close = pairs.flatMap(([truth, found]) => [
      Math.abs(found.onset_s - truth.onset_s) <= 0.02,
      Math.abs(found.end_s - truth.end_s) <= 0.02,
    ]);
    expect(close.filter(Boolean).length / (2 * truths)).toBeGreaterThanOrEqual(0.9);
  });

  it('tells hardly any pursuit where there is none, and hardly any fixation where all is pursuit', () => {
    const time = (events: readonly GazeEvent[], kind: string) =>
      events.filter((e) => e.kind === kind).reduce((sum, e) => sum + e.end_s - e.onset_s, 0);
    const still = eventsOf(sceneAt(500, { pursuitShare: 0 }));
    expect(time(still, 'pursuit') / time(still, 'fixation')).toBeLessThan(0.02);
    const moving = eventsOf(sceneAt(500, { pursuitShare: 1 }));
    expect(time(moving, 'fixation') / time(moving, 'pursuit')).toBeLessThan(0.05);
  });

  it.each([30, 60, 500])('looks no further ahead than 100 ms at %i Hz', (sfreq) => {
    const scene = sceneAt(sfreq, { duration_s: 40 });
    const all = eventsOf(scene);
    for (let n = Math.round(2.03 * sfreq); n < scene.x.length; n += Math.round(0.37 * sfreq)) {
      const until = (n - 1) / sfreq - LOOK_AHEAD_S - 1e-9;
      const early = (e: GazeEvent) => e.end_s <= until;
      expect(eventsOf(scene, n).filter(early)).toEqual(all.filter(early));
    }
  });

  it('tells an event 100 ms after its end at the latest', () => {
    const scene = sceneAt(500, { duration_s: 60 });
    let now = 0;
    const late: number[] = [];
    const detector = new GazeEventDetector(500, (e) => late.push(now - e.end_s));
    for (let i = 0; i < scene.x.length; i++) {
      now = i / 500;
      detector.push(now, scene.x[i], scene.y[i], scene.pupil[i]);
    }
    expect(late.length).toBeGreaterThan(100);
    expect(Math.max(...late)).toBeLessThanOrEqual(LOOK_AHEAD_S + 1e-9);
  });

  it('gives events in order that do not overlap', () => {
    const events = eventsOf(sceneAt(250));
    for (let i = 1; i < events.length; i++)
      expect(events[i].onset_s).toBeGreaterThanOrEqual(events[i - 1].end_s - 1e-12);
  });

  it('goes by lost gaze where there is no pupil', () => {
    const scene = sceneAt(250);
    const blind = { ...scene, pupil: scene.pupil.map(() => Number.NaN) };
    expect(f1(matchEvents('blink', blind, eventsOf(blind)))).toBeGreaterThan(0.95);
  });

  it('measures amplitude, extent and speed', () => {
    const sfreq = 500;
    // 0.4 s at rest, 6 degrees to the right in 40 ms, then pursuit at 10 deg/s downwards.
    const at = (t: number) => {
      const p = Math.min(1, Math.max(0, (t - 0.4) / 0.04));
      return [6 * p * p * p * (10 - 15 * p + 6 * p * p), -10 * Math.max(0, t - 0.44)] as const;
    };
    const events: GazeEvent[] = [];
    const detector = new GazeEventDetector(sfreq, (e) => events.push(e));
    for (let i = 0; i < sfreq; i++) detector.push(i / sfreq, ...at(i / sfreq), Number.NaN);
    detector.finish();
    const [fixation, saccade] = events;
    const pursuit = events.at(-1)!;
    expect([fixation, saccade, pursuit].map((e) => e.kind)).toEqual(['fixation', 'saccade', 'pursuit']);
    expect(pursuit.end_s - pursuit.onset_s).toBeGreaterThan(0.45);
    expect(fixation.extent[0] + fixation.extent[1]).toBeLessThan(0.2);
    expect(saccade.onset_s).toBeCloseTo(0.4, 1);
    expect(Math.abs(saccade.to[0] - saccade.from[0] - 6)).toBeLessThan(0.3);
    expect((pursuit.from[1] - pursuit.to[1]) / (pursuit.end_s - pursuit.onset_s)).toBeCloseTo(10, 0);
  });

  it('neither joins across a gap nor takes a loss of a second for a blink', () => {
    const events: GazeEvent[] = [];
    const detector = new GazeEventDetector(250, (e) => events.push(e));
    const hold = (from: number, n: number, lost: boolean) => {
      for (let i = 0; i < n; i++) {
        const x = lost ? Number.NaN : 1;
        detector.push(from + i / 250, x, x, lost ? Number.NaN : 3);
      }
    };
    hold(0, 250, false);
    hold(1, 250, true);
    hold(2, 250, false);
    detector.finish();
    hold(5, 250, false);
    detector.finish();
    expect(events.map((e) => [e.kind, e.afterLoss])).toEqual([
      ['fixation', true],
      ['fixation', true],
      ['fixation', true],
    ]);
    expect(events[1].end_s).toBeCloseTo(3, 9);
    expect(events[2].onset_s).toBe(5);
  });
});

describe.skipIf(!lundIsHere)(
  'GazeEventDetector on hand-labelled recordings (shared/recordings/lund2013)',
  () => {
    const recordings = lundIsHere ? lundRecordings() : [];
    const images = recordings.filter(({ name }) => name.includes('_img_'));
    const dots = recordings.filter(({ name }) => name.includes('_trial'));

    /** Mean over the raters of kappa on all samples together: ours, and velocity threshold's. */
    function agreement(gazes: readonly LabelledGaze[], kind: 'saccade' | 'fixation') {
      const code = kind === 'saccade' ? 2 : 1;
      const labels = gazes.map((gaze) => {
        const { x, y, pupil, sfreq } = gaze;
        const own = x.map(() => false);
        const detector = new GazeEventDetector(sfreq, (e) => {
          if (e.kind === kind) own.fill(true, Math.round(e.onset_s * sfreq), Math.round(e.end_s * sfreq));
        });
        for (const [i, horizontal] of x.entries())
          detector.push(i / sfreq, horizontal, y[i], pupil[i] ?? Number.NaN);
        detector.finish();
        return { own, threshold: velocityThreshold(gaze)[kind], raters: gaze.raters };
      });
      const mean = (of: (l: (typeof labels)[number]) => boolean[]) =>
        [0, 1].reduce((sum, r) => {
          const rated = labels.flatMap((l) => l.raters[r].map((label) => label === code));
          return sum + kappa(labels.flatMap(of), rated) / 2;
        }, 0);
      return { ours: mean((l) => l.own), threshold: mean((l) => l.threshold) };
    }

    it('beats the velocity threshold on images by 0.02, and keeps its fixations', () => {
      const saccade = agreement(images, 'saccade');
      expect(saccade.threshold).toBeGreaterThan(0.8);
      expect(saccade.ours).toBeGreaterThan(saccade.threshold + 0.02);
      expect(agreement(images, 'fixation').ours).toBeGreaterThan(0.75);
    });

    it('tells pursuit from fixation on moving dots', () => {
      expect(agreement(dots, 'fixation').ours).toBeGreaterThan(0.6);
      expect(agreement(dots, 'fixation').threshold).toBeLessThan(0.1);
      expect(agreement(dots, 'saccade').ours).toBeGreaterThan(agreement(dots, 'saccade').threshold - 0.02);
    });

    it.each([
      [125, 4, 0.78],
      [62.5, 8, 0.66],
    ])('still finds the saccades on images at %d Hz', (_, step, least) => {
      expect(
        agreement(
          images.map((gaze) => decimated(gaze, step)),
          'saccade',
        ).ours,
      ).toBeGreaterThan(least);
    });
  },
);
