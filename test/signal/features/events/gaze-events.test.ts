import { describe, expect, it } from 'vitest';
import type { Chunk, StreamInfo } from '../../../../src/core/signal.js';
import type { GazeEvent } from '../../../../src/signal/features/events/gaze-event.js';
import { GazeEvents } from '../../../../src/signal/features/events/gaze-events.js';
import type { Screen } from '../../../../src/signal/features/events/screen.js';
import { simulateGazeScene } from '../../../../src/simulation/gaze-scene.js';
import { chunkOf } from '../../../../src/testing/stream-fixtures.js';
import { streamWith } from '../extractor-runs.js';
import { f1, matchEvents } from './matching.js';

const scene = simulateGazeScene({
  seed: 9,
  sfreq: 200,
  duration_s: 120,
  pursuitShare: 0.2,
  noise_deg: 0.03,
  blinks_per_min: 15,
});
const binocular = streamWith(
  'Gaze',
  200,
  ['left_x', 'left_y', 'right_x', 'right_y', 'left_pupil', 'right_pupil'].map(
    (label) => [label, label.endsWith('pupil') ? 'mm' : 'deg'] as const,
  ),
);
/** The right eye looks a degree beside the left one. */
const both = [
  scene.x,
  scene.y,
  scene.x.map((v) => v + 1),
  scene.y.map((v) => v - 0.5),
  scene.pupil,
  scene.pupil.map((p) => p + 0.5),
];

function found(info: StreamInfo, chunks: readonly Chunk[], screen?: Screen): GazeEvent[] {
  const events: GazeEvent[] = [];
  const detector = new GazeEvents(info, screen, (event) => events.push(event));
  for (const chunk of chunks) detector.push(chunk);
  detector.finish();
  return events;
}

const score = (events: readonly GazeEvent[]) =>
  (['fixation', 'saccade', 'blink'] as const).map((kind) => f1(matchEvents(kind, scene, events)));
const times = Array.from(scene.x, (_, i) => i / 200);

describe('GazeEvents', () => {
  const whole = found(binocular, [chunkOf(binocular, both, 0)]);

  it('finds the events of two eyes', () => {
    const [fixation, saccade, blink] = score(whole);
    expect(fixation).toBeGreaterThan(0.88);
    expect(saccade).toBeGreaterThan(0.97);
    expect(blink).toBe(1);
  });

  it('goes on with one eye, without a step where the other one is lost', () => {
    // The right eye is out for half of each second.
    const rows = both.map((row, c) =>
      [2, 3, 5].includes(c) ? row.map((v, i) => (i % 200 < 100 ? Number.NaN : v)) : row,
    );
    const events = found(binocular, [chunkOf(binocular, rows, 0)]);
    for (const [i, value] of score(events).entries()) expect(value).toBeGreaterThan(score(whole)[i] - 0.02);
  });

  it('takes one eye that is always out for no eye at all', () => {
    const rows = both.map((row, c) => ([0, 1, 4].includes(c) ? row.map(() => Number.NaN) : row));
    const events = found(binocular, [chunkOf(binocular, rows, 0)]);
    for (const [i, value] of score(events).entries()) expect(value).toBeGreaterThan(score(whole)[i] - 0.02);
  });

  it('finds the rate of an irregular stream', () => {
    const irregular = { ...binocular, sfreq: 0 };
    const shaken = times.map((t, i) => t + 0.0005 * Math.sin(i));
    const events = found(irregular, [chunkOf(irregular, both, shaken)]);
    expect(score(events)[1]).toBeGreaterThan(0.97);
    expect(score(events)[2]).toBe(1);
  });

  /** The scene without the samples that `gone` tells, as chunks with gaps between them. */
  function without(gone: (i: number) => boolean): Chunk[] {
    const chunks: Chunk[] = [];
    for (let from = 0; from < times.length; ) {
      if (gone(from)) {
        from++;
        continue;
      }
      let to = from;
      while (to < times.length && !gone(to)) to++;
      const rows = both.map((row) => row.slice(from, to));
      chunks.push(chunkOf(binocular, rows, times.slice(from, to), from > 0));
      from = to;
    }
    return chunks;
  }

  it('finds blinks for which a tracker sends no samples', () => {
    const events = found(
      binocular,
      without((i) => Number.isNaN(scene.x[i])),
    );
    expect(score(events)[2]).toBe(1);
  });

  it('takes no gap of the connection for a blink', () => {
    const open = simulateGazeScene({
      ...scene,
      seed: 9,
      duration_s: 60,
      pursuitShare: 0,
      noise_deg: 0.03,
      blinks_per_min: 0,
    });
    const rows = [open.x, open.y, open.x, open.y, open.pupil, open.pupil];
    const chunks = [0, 1, 2, 3, 4, 5].map((k) => {
      const [from, to] = [k * 400, (k + 1) * 400 - 30];
      return chunkOf(
        binocular,
        rows.map((row) => row.slice(from, to)),
        from / 200,
        k > 0,
      );
    });
    expect(found(binocular, chunks).filter((e) => e.kind === 'blink')).toEqual([]);
  });

  it('ends everything at a long gap', () => {
    const events = found(
      binocular,
      without((i) => i >= 4000 && i < 4400),
    );
    expect(events.some((e) => e.onset_s < 19.9 && e.end_s > 21)).toBe(false);
    expect(events.find((e) => e.onset_s >= 21.9)!.afterLoss).toBe(true);
  });

  it('reads pixels with (0, 0) for a lost eye', () => {
    const info = streamWith('Gaze', 200, [
      ['x', 'px'],
      ['y', 'px'],
    ]);
    const px = (row: Float64Array, middle: number) => row.map((v) => (Number.isNaN(v) ? 0 : middle + 38 * v));
    const events = found(info, [chunkOf(info, [px(scene.x, 960), px(scene.y, 540)], 0)]);
    expect(score(events)[1]).toBeGreaterThan(0.95);
    expect(score(events)[2]).toBeGreaterThan(0.95);
  });
});
