import { describe, expect, it } from 'vitest';
import type { Chunk, StreamInfo } from '../../../../../src/core/signal.js';
import type { GazeEvent } from '../../../../../src/signal/features/events/gaze-event.js';
import { labelledEvents } from '../../../../../src/signal/features/events/published/labelled-events.js';
import {
  type PublishedDetectorName,
  PublishedGazeEvents,
  publishedDetectors,
} from '../../../../../src/signal/features/events/published/published-gaze-events.js';
import { simulateGazeScene } from '../../../../../src/simulation/gaze-scene.js';
import { chunkOf } from '../../../../../src/testing/stream-fixtures.js';
import { streamWith } from '../../extractor-runs.js';
import { f1, matchEvents } from '../matching.js';

const sfreq = 250;
const scene = simulateGazeScene({
  seed: 5,
  sfreq,
  duration_s: 60,
  pursuitShare: 0,
  noise_deg: 0.02,
  blinks_per_min: 10,
});
const { x, y, pupil } = scene;
const info = streamWith('Gaze', sfreq, [
  ['x', 'deg'],
  ['y', 'deg'],
  ['pupil', 'mm'],
]);
const names = Object.keys(publishedDetectors) as PublishedDetectorName[];

function found(name: PublishedDetectorName, chunks: readonly Chunk[], of: StreamInfo = info): GazeEvent[] {
  const told: GazeEvent[] = [];
  const events = new PublishedGazeEvents(
    of,
    undefined,
    (event) => told.push(event),
    publishedDetectors[name],
  );
  for (const chunk of chunks) events.push(chunk);
  expect(told).toEqual([]);
  events.finish();
  return told;
}

const part = (from: number, to: number, gapBefore = false) =>
  chunkOf(
    info,
    [x, y, pupil].map((row) => row.slice(from, to)),
    from / sfreq,
    gapBefore,
  );

/** Stamps to the microsecond: pieces count theirs from another start. */
const rounded = (events: readonly GazeEvent[]) =>
  events.map(({ kind, onset_s, end_s, afterLoss }) => [
    kind,
    onset_s.toFixed(6),
    end_s.toFixed(6),
    afterLoss,
  ]);

describe.each(names)('PublishedGazeEvents: %s', (name) => {
  it('finds the saccades of a simulated eye, in pieces as in one', () => {
    const events = found(name, [part(0, x.length)]);
    expect(f1(matchEvents('saccade', scene, events))).toBeGreaterThan(0.75);
    expect(f1(matchEvents('fixation', scene, events))).toBeGreaterThan(0.75);
    const pieces = Array.from({ length: Math.ceil(x.length / 77) }, (_, k) => part(77 * k, 77 * (k + 1)));
    expect(rounded(found(name, pieces))).toEqual(rounded(events));
  });

  it('is the detector on all samples, of which those without a pupil are lost', () => {
    const seen = (row: Float64Array) => row.map((v, i) => (pupil[i] > 0 ? v : Number.NaN));
    const gaze = { sfreq, x: seen(x), y: seen(y) };
    const times = Float64Array.from(x, (_, i) => i / sfreq);
    const expected = labelledEvents(times, gaze, publishedDetectors[name](gaze));
    expect(rounded(found(name, [part(0, x.length)]))).toEqual(rounded(expected));
  });

  it('takes samples that never came for lost ones, and lets nothing go on over a long gap', () => {
    const [from, to] = [3000, 3060];
    const lost = (row: Float64Array) => row.map((v, i) => (i >= from && i < to ? Number.NaN : v));
    const whole = chunkOf(info, [lost(x), lost(y), lost(pupil)], 0);
    expect(rounded(found(name, [part(0, from), part(to, x.length, true)]))).toEqual(
      rounded(found(name, [whole])),
    );
    const parted = found(name, [part(0, 3000), part(4000, x.length, true)]);
    expect(parted.some(({ onset_s, end_s }) => onset_s < 12 && end_s > 12.01)).toBe(false);
    expect(parted.find(({ onset_s }) => onset_s >= 16)!.afterLoss).toBe(true);
  });

  it('finds the rate of an irregular stream', () => {
    const irregular = { ...info, sfreq: 0 };
    const shaken = Array.from(x, (_, i) => i / sfreq + 0.0004 * Math.sin(i));
    const events = found(name, [chunkOf(irregular, [x, y, pupil], shaken)], irregular);
    expect(f1(matchEvents('saccade', scene, events))).toBeGreaterThan(0.75);
  });

  it('tells nothing of gaze below 25 Hz, nor twice', () => {
    const slow = { ...info, sfreq: 20 };
    expect(found(name, [chunkOf(slow, [x, y, pupil], 0)], slow)).toEqual([]);
    const told: GazeEvent[] = [];
    const events = new PublishedGazeEvents(info, undefined, (e) => told.push(e), publishedDetectors[name]);
    events.push(part(0, 2500));
    events.finish();
    const once = told.length;
    expect(once).toBeGreaterThan(10);
    events.finish();
    expect(told).toHaveLength(once);
  });
});
