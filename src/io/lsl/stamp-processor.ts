import type { Seconds } from '../../core/clock.js';
import { ClockOffsetEstimator } from '../../signal/timebase/clock-offset-estimator.js';
import { DEJITTER_HALF_TIME_S, Dejitter } from './dejitter.js';
import type { ClockMeasurement } from './time-correction.js';

/** What is done to stamps; liblsl's names. */
export interface StampProcessing {
  /** Bring them onto this machine's clock. */
  readonly clocksync: boolean;
  /** Fit a line through those of regular streams. */
  readonly dejitter: boolean;
  /** Don't let them run backwards. */
  readonly monotonize: boolean;
}

export const allStampProcessing: StampProcessing = { clocksync: true, dejitter: true, monotonize: true };

/** liblsl's post-processing of stamps, with a clock model that follows drift between measurements. */
export class StampProcessor {
  readonly #processing: StampProcessing;
  readonly #dejitter: Dejitter | null;
  #estimator = new ClockOffsetEstimator();
  #last: Seconds = Number.NEGATIVE_INFINITY;

  /** `nominalRate_hz`: 0 = irregular; such streams are not dejittered. */
  constructor(
    nominalRate_hz: number,
    processing: StampProcessing = allStampProcessing,
    halfTime_s: Seconds = DEJITTER_HALF_TIME_S,
  ) {
    this.#processing = processing;
    this.#dejitter =
      processing.dejitter && nominalRate_hz > 0 ? new Dejitter(nominalRate_hz, halfTime_s) : null;
  }

  /** Whether stamps can be brought onto this machine's clock yet. */
  get ready(): boolean {
    return !this.#processing.clocksync || this.#estimator.started;
  }

  measured({ time, offset }: ClockMeasurement): void {
    if (this.#estimator.update({ time, offset }) === 'reset') this.#dejitter?.restart();
  }

  /** The stamp, brought onto this machine's clock but not smoothed. */
  corrected(stamp: Seconds): Seconds {
    return this.#processing.clocksync ? stamp + this.#estimator.at(stamp) : stamp;
  }

  /** The stamp of the next sample. */
  next(stamp: Seconds): Seconds {
    const corrected = this.corrected(stamp);
    const smooth = this.#dejitter ? this.#dejitter.next(corrected) : corrected;
    this.#last = this.#processing.monotonize ? Math.max(smooth, this.#last) : smooth;
    return this.#last;
  }

  /** Samples are missing: what follows is another line. */
  gap(): void {
    this.#dejitter?.restart();
  }

  /** Another outlet, and maybe another clock, from here on. */
  restart(): void {
    this.#dejitter?.restart();
    this.#estimator = new ClockOffsetEstimator();
  }
}
