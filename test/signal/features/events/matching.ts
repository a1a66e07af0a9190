import type { GazeEvent } from '../../../../src/signal/features/events/gaze-event.js';
import {
  GazeEventDetector,
  type GazeEventParameters,
  gazeEventDefaults,
} from '../../../../src/signal/features/events/gaze-event-detector.js';
import type { GazeScene, GazeTruth } from '../../../../src/simulation/gaze-scene.js';

/** Events of a scene, or of its first `n` samples. */
export function eventsOf(
  scene: GazeScene,
  n = scene.x.length,
  params: GazeEventParameters = gazeEventDefaults,
): GazeEvent[] {
  const events: GazeEvent[] = [];
  const detector = new GazeEventDetector(scene.sfreq, (event) => events.push(event), params);
  for (let i = 0; i < n; i++) detector.push(i / scene.sfreq, scene.x[i], scene.y[i], scene.pupil[i]);
  detector.finish();
  return events;
}

interface Span {
  readonly onset_s: number;
  readonly end_s: number;
}

/** Share of the time that either covers which both cover; negative where they lie apart. */
function overlap(a: Span, b: Span): number {
  const both = Math.min(a.end_s, b.end_s) - Math.max(a.onset_s, b.onset_s);
  return both / (Math.max(a.end_s, b.end_s) - Math.min(a.onset_s, b.onset_s));
}

export interface Matches {
  readonly pairs: readonly (readonly [truth: GazeTruth, found: GazeEvent])[];
  readonly truths: number;
  readonly found: number;
}

/**
 * Pairs each true event with the found one that overlaps it most. Fixations and pursuit must share half of their time;
 * saccades and blinks are short beside a sample at low rates: any overlap will do, and a sample's distance for saccades.
 */
export function matchEvents(
  kind: GazeEvent['kind'],
  scene: GazeScene,
  events: readonly GazeEvent[],
): Matches {
  const long = kind === 'fixation' || kind === 'pursuit';
  const truths = scene.truth.filter((t) => t.kind === kind && t.end_s - t.onset_s >= (long ? 0.05 : 0.01));
  const left = new Set(events.filter((e) => e.kind === kind));
  const found = left.size;
  const least = long ? 0.5 : 0;
  const slack_s = kind === 'saccade' ? 0.5 / scene.sfreq : 0;
  const pairs: (readonly [GazeTruth, GazeEvent])[] = [];
  for (const truth of truths) {
    let best: GazeEvent | null = null;
    let most = least;
    const wide = { onset_s: truth.onset_s - slack_s, end_s: truth.end_s + slack_s };
    for (const event of left) {
      const share = overlap(wide, event);
      if (share <= most) continue;
      most = share;
      best = event;
    }
    if (!best) continue;
    left.delete(best);
    pairs.push([truth, best]);
  }
  return { pairs, truths: truths.length, found };
}

/** Harmonic mean of precision and recall. */
export function f1({ pairs, truths, found }: Matches): number {
  return (2 * pairs.length) / (truths + found);
}
