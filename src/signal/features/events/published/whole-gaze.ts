/** All samples of one gaze, evenly spaced. */
export interface WholeGaze {
  /** Rate, Hz. */
  readonly sfreq: number;
  /** [n] degrees, NaN in both where the eye was lost. */
  readonly x: ArrayLike<number>;
  readonly y: ArrayLike<number>;
}

/** What the published detectors say of a sample; samples that are lost, or in too short a stretch, are `none`. */
export const PublishedLabel = { none: 0, fixation: 1, saccade: 2 } as const;

/** [n] labels ({@link PublishedLabel}) of a whole gaze. */
export type PublishedDetector = (gaze: WholeGaze) => Uint8Array;

/** Samples that `span_s` takes at `sfreq`, at least one; halves are rounded up. */
export function samplesOf(span_s: number, sfreq: number): number {
  return Math.max(1, Math.round(span_s * sfreq));
}

/** Clears stretches of `labels` [n] that are shorter than `least` says for their label, in samples. */
export function keepLong(labels: Uint8Array, least: { readonly [label: number]: number }): Uint8Array {
  for (let from = 0; from < labels.length; ) {
    const label = labels[from];
    let to = from + 1;
    while (to < labels.length && labels[to] === label) to++;
    if (to - from < (least[label] ?? 0)) labels.fill(PublishedLabel.none, from, to);
    from = to;
  }
  return labels;
}
