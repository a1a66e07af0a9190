import { PublishedLabel, samplesOf, type WholeGaze } from './whole-gaze.js';

export const dispersionThresholdDefaults = {
  /** Dispersion up to which a window is a fixation, horizontal extent plus vertical, deg. */
  threshold: 1,
  fixationLeast_s: 0.1,
} as const;
export type DispersionThresholdParameters = {
  readonly [key in keyof typeof dispersionThresholdDefaults]: number;
};

/**
 * Identification by a dispersion threshold, I-DT (Salvucci & Goldberg 2000, doi:10.1145/355017.355028): a window of the
 * least duration whose dispersion, (max x - min x) + (max y - min y), is within the threshold grows for as long as it stays
 * so and is a fixation; otherwise its first sample is dropped. It looks ahead by the window. No window holds a lost sample;
 * every seen sample outside fixations is a saccade's.
 */
export function dispersionThreshold(
  { sfreq, x, y }: WholeGaze,
  params: DispersionThresholdParameters = dispersionThresholdDefaults,
): Uint8Array {
  const least = samplesOf(params.fixationLeast_s, sfreq);
  const labels = new Uint8Array(x.length);
  for (let from = 0; from < x.length; ) {
    const to = compactEnd(x, y, from, params.threshold);
    if (to - from >= least) {
      labels.fill(PublishedLabel.fixation, from, to);
      from = to;
    } else {
      if (to > from) labels[from] = PublishedLabel.saccade;
      from++;
    }
  }
  return labels;
}

/** The first sample after `from` that is lost or too far off; `from` where that is lost itself. */
function compactEnd(x: ArrayLike<number>, y: ArrayLike<number>, from: number, threshold: number): number {
  let [left, right, top, bottom] = [x[from], x[from], y[from], y[from]];
  let to = from;
  for (; to < x.length; to++) {
    left = Math.min(left, x[to]);
    right = Math.max(right, x[to]);
    top = Math.min(top, y[to]);
    bottom = Math.max(bottom, y[to]);
    // Of a lost sample all are NaN.
    if (!(right - left + (bottom - top) <= threshold)) break;
  }
  return to;
}
