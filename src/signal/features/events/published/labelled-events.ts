import type { GazeEvent } from '../gaze-event.js';
import { PublishedLabel, type WholeGaze } from './whole-gaze.js';

/** Stretches of equal `labels` [n] of a gaze at `times` [n], s, as events in order of time. */
export function labelledEvents(
  times: ArrayLike<number>,
  { sfreq, x, y }: WholeGaze,
  labels: Uint8Array,
): GazeEvent[] {
  const events: GazeEvent[] = [];
  let afterLoss = true;
  for (let from = 0; from < labels.length; ) {
    const label = labels[from];
    let to = from;
    let [left, right, top, bottom] = [x[from], x[from], y[from], y[from]];
    for (; to < labels.length && labels[to] === label; to++) {
      left = Math.min(left, x[to]);
      right = Math.max(right, x[to]);
      top = Math.min(top, y[to]);
      bottom = Math.max(bottom, y[to]);
    }
    const last = to - 1;
    if (label === PublishedLabel.none) {
      // A loss leaves its NaN in the extent.
      afterLoss ||= Number.isNaN(right - left + (bottom - top));
    } else {
      events.push({
        kind: label === PublishedLabel.fixation ? 'fixation' : 'saccade',
        onset_s: times[from],
        end_s: to < labels.length ? times[to] : times[last] + 1 / sfreq,
        from: [x[from], y[from]],
        to: [x[last], y[last]],
        extent: [right - left, bottom - top],
        afterLoss,
      });
      afterLoss = false;
    }
    from = to;
  }
  return events;
}
