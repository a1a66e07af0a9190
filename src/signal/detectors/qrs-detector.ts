import type { Stateful } from '../../core/state.js';
import { BeatDecision, type BeatDecisionState, type BeatRules } from './beat-decision.js';
import { SteepnessPeaks, type SteepnessPeaksState, type SteepnessShape } from './steepness-peaks.js';

/** QRS complexes, those of ventricular beats too, whose power reaches further down. */
const shape: SteepnessShape = {
  low_hz: 7,
  high_hz: 20,
  middle_hz: 11,
  steep_s: 0.1,
  deflection_s: [-0.14, 0.08],
  deflection_hz: 30,
};

/** Late waves are T waves. A beat that has become a quarter is found again; a P wave that no beat follows is smaller. */
const rules: BeatRules = {
  refractory_s: 0.25,
  late_s: 0.36,
  late_share: 0.4,
  threshold_share: 0.27,
  search_share: 0.66,
};

/** Below this rate there is no room for the band, Hz. */
export const SLOWEST_QRS_HZ = 24;

export type QrsDetectorState = {
  readonly decision: BeatDecisionState;
  readonly peaks: SteepnessPeaksState;
};

/**
 * Causal detector of heart beats in an electrocardiogram, one channel: peaks of the steepness of the band-passed signal that
 * {@link BeatDecision} takes for beats. No change of polarity moves a beat. It is known 0.3 s after it happened; during the
 * first 3 s, where it was looked for again, and where beats have grown eightfold, later.
 */
export class QrsDetector implements Stateful<QrsDetectorState> {
  readonly #decision: BeatDecision;
  readonly #peaks: SteepnessPeaks;

  /** `sfreq`, Hz: at least {@link SLOWEST_QRS_HZ}. `emit` gets the time of each beat, s, in order. */
  constructor(sfreq: number, emit: (time: number) => void) {
    this.#decision = new BeatDecision(rules, emit);
    this.#peaks = new SteepnessPeaks(shape, sfreq);
  }

  /** Takes a sample: `x` finite, `time` in s. */
  push(x: number, time: number): void {
    this.#decision.push(this.#peaks.push(x, time), time);
  }

  /** Tells the beats that what comes next would have made certain, and forgets the past: at a gap, or at the end. */
  finish(): void {
    this.#decision.finish(this.#peaks.finish());
    this.#peaks.restart();
  }

  snapshot(): QrsDetectorState {
    return { decision: this.#decision.snapshot(), peaks: this.#peaks.snapshot() };
  }

  restore({ decision, peaks }: QrsDetectorState): void {
    this.#decision.restore(decision);
    this.#peaks.restore(peaks);
  }
}
