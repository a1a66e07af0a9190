export const gazeEventKinds = ['fixation', 'saccade', 'pursuit', 'blink'] as const;
export type GazeEventKind = (typeof gazeEventKinds)[number];

/** One eye movement or blink, told as soon as it is certain: at most {@link LOOK_AHEAD_S} after its end. */
export interface GazeEvent {
  readonly kind: GazeEventKind;
  /** Stamp of the first sample, s; beside a blink below 150 Hz, between two samples. */
  readonly onset_s: number;
  /** Stamp of the first sample after it, s; beside a blink below 150 Hz, between two samples. */
  readonly end_s: number;
  /** Gaze at the first and the last sample, in the detector's degrees; NaN for blinks. */
  readonly from: readonly [x: number, y: number];
  readonly to: readonly [x: number, y: number];
  /** Extent (largest less smallest) in both directions, in the detector's degrees; NaN for blinks. */
  readonly extent: readonly [x: number, y: number];
  /** Whether samples were missing (a gap or lost gaze that is no blink) between the event before and this one. */
  readonly afterLoss: boolean;
}

/** What a sample is; only samples of the first five make events or separate them. */
export const SampleLabel = { slow: 0, saccade: 1, glissade: 2, lost: 3, fixation: 4, pursuit: 5 } as const;
export type SampleLabel = (typeof SampleLabel)[keyof typeof SampleLabel];

/** A label never depends on samples that are more than this later than its own, s. */
export const LOOK_AHEAD_S = 0.1;
