import type { Seconds } from '../../core/clock.js';
import type { Stateful } from '../../core/state.js';

/** A measured difference between two clocks: at `time` on the sender's clock, receiver's clock = sender's + `offset`. */
export interface ClockOffset {
  readonly time: Seconds;
  readonly offset: Seconds;
}

/** An offset that moves by more than this between two measurements belongs to another clock: the sender restarted. */
export const CLOCK_RESET_THRESHOLD_S = 1;

/** Spread of one measurement: half a round trip in a laboratory's network. */
const MEASUREMENT_SD_S = 5e-4;
/** Spread of the drift between two computers' quartz clocks, s/s. */
const DRIFT_SD = 5e-5;
/** How fast the drift itself wanders with temperature, s/s per square root of a second. */
const DRIFT_WALK_SD = 1e-7;
/** Measurements further off than this many spreads are slow round trips: they count as if they lay at this distance. */
const WINSOR_SDS = 3;

export type ClockOffsetEstimatorState = {
  readonly time: Seconds;
  readonly offset: number;
  readonly drift: number;
  readonly covariance: readonly [p00: number, p01: number, p11: number];
  readonly started: boolean;
};

/**
 * Causal estimate of the offset between a sender's and the receiver's clock: a Kalman filter over offset and drift,
 * robust against single slow round trips. It sees measurements in order and never looks ahead, so that live and replay
 * agree; constant measurements give exactly that constant.
 */
export class ClockOffsetEstimator implements Stateful<ClockOffsetEstimatorState> {
  #time: Seconds = 0;
  #offset = 0;
  #drift = 0;
  #p00 = 0;
  #p01 = 0;
  #p11 = 0;
  #started = false;

  get started(): boolean {
    return this.#started;
  }

  /** Takes a measurement; `reset` when the sender's clock is another one from here on. */
  update({ time, offset }: ClockOffset): 'tracked' | 'reset' {
    const elapsed = time - this.#time;
    const isReset =
      this.#started && (elapsed < 0 || Math.abs(offset - this.at(time)) > CLOCK_RESET_THRESHOLD_S);
    if (!this.#started || isReset) {
      this.#started = true;
      this.#time = time;
      this.#offset = offset;
      this.#drift = 0;
      this.#p00 = MEASUREMENT_SD_S * MEASUREMENT_SD_S;
      this.#p01 = 0;
      this.#p11 = DRIFT_SD * DRIFT_SD;
      return isReset ? 'reset' : 'tracked';
    }
    this.#offset += this.#drift * elapsed;
    this.#time = time;
    this.#p00 += elapsed * (2 * this.#p01 + elapsed * this.#p11);
    this.#p01 += elapsed * this.#p11;
    this.#p11 += DRIFT_WALK_SD * DRIFT_WALK_SD * elapsed;

    const variance = this.#p00 + MEASUREMENT_SD_S * MEASUREMENT_SD_S;
    const bound = WINSOR_SDS * Math.sqrt(variance);
    const innovation = Math.min(bound, Math.max(-bound, offset - this.#offset));
    const gain0 = this.#p00 / variance;
    const gain1 = this.#p01 / variance;
    this.#offset += gain0 * innovation;
    this.#drift += gain1 * innovation;
    this.#p11 -= gain1 * this.#p01;
    this.#p01 -= gain1 * this.#p00;
    this.#p00 -= gain0 * this.#p00;
    return 'tracked';
  }

  /** Offset to add to the sender's stamp `time`, s; 0 before the first measurement. */
  at(time: Seconds): Seconds {
    return this.#offset + this.#drift * (time - this.#time);
  }

  snapshot(): ClockOffsetEstimatorState {
    return {
      time: this.#time,
      offset: this.#offset,
      drift: this.#drift,
      covariance: [this.#p00, this.#p01, this.#p11],
      started: this.#started,
    };
  }

  restore({ time, offset, drift, covariance, started }: ClockOffsetEstimatorState): void {
    this.#time = time;
    this.#offset = offset;
    this.#drift = drift;
    [this.#p00, this.#p01, this.#p11] = covariance;
    this.#started = started;
  }
}
