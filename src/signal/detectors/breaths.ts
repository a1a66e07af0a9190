import { finiteMean, median } from '../dsp/statistics.js';

/** Breathing over a stretch of time; NaN where too few breaths were whole. */
export interface Breaths {
  /** 1/min. */
  readonly rate: number;
  /** Standard deviation of the rate from breath to breath, ddof 0, 1/min. */
  readonly rate_sd: number;
  /** Mean from trough to peak, in the signal's unit. */
  readonly amplitude: number;
}

/** An extremum counts once the signal has turned back by this share of the stretch's typical range. */
const TURN_SHARE = 0.3;
/** Range of a sine over the median of its absolute values, which one deep sigh does not move. */
const RANGE_OF_DEVIATION = 2 * Math.SQRT2;
const LEAST_BREATHS = 2;
/** What is quicker is no breathing, 1/min. */
const QUICKEST = 60;

/**
 * Breaths in band-passed `samples` [n] at `times` [n], s: from peak to peak. Missing samples (NaN), and steps in time
 * above `longest_step_s`, end a breath without counting it.
 */
export function breathsIn(times: Float64Array, samples: Float64Array, longest_step_s: number): Breaths {
  const turn = TURN_SHARE * RANGE_OF_DEVIATION * medianMagnitude(samples);
  const unknown = { rate: Number.NaN, rate_sd: Number.NaN, amplitude: Number.NaN };
  if (!(turn > 0 && turn < Number.POSITIVE_INFINITY)) return unknown;
  const intervals: number[] = [];
  const depths: number[] = [];
  let direction = 0;
  let [high, highTime, low] = [Number.NEGATIVE_INFINITY, 0, Number.POSITIVE_INFINITY];
  let [lastPeak, lastTrough] = [Number.NaN, Number.NaN];
  const forget = () => {
    direction = 0;
    [high, low, lastPeak, lastTrough] = [
      Number.NEGATIVE_INFINITY,
      Number.POSITIVE_INFINITY,
      Number.NaN,
      Number.NaN,
    ];
  };
  for (let i = 0; i < samples.length; i++) {
    const x = samples[i];
    if (x - x !== 0 || (i > 0 && times[i] - times[i - 1] > longest_step_s)) forget();
    if (x - x !== 0) continue;
    if (x > high) {
      high = x;
      highTime = times[i];
    }
    if (x < low) low = x;
    if (direction >= 0 && high - x >= turn) {
      // The first turn of a stretch may be its edge, not a peak.
      if (direction > 0) {
        if (!Number.isNaN(lastPeak)) intervals.push(highTime - lastPeak);
        if (!Number.isNaN(lastTrough)) depths.push(high - lastTrough);
        lastPeak = highTime;
      }
      direction = -1;
      low = x;
    } else if (direction <= 0 && x - low >= turn) {
      if (direction < 0) lastTrough = low;
      direction = 1;
      high = x;
      highTime = times[i];
    }
  }
  if (intervals.length < LEAST_BREATHS) return unknown;
  const rate = 60 / finiteMean(intervals);
  if (rate > QUICKEST) return unknown;
  const deviations = intervals.map((s) => 60 / s);
  const mean = finiteMean(deviations);
  return {
    rate,
    rate_sd: Math.sqrt(finiteMean(deviations.map((r) => (r - mean) * (r - mean)))),
    amplitude: finiteMean(depths),
  };
}

let magnitudes = new Float64Array(0);

/** Median of the absolute values of the finite ones among `samples`; NaN where there is none. */
function medianMagnitude(samples: Float64Array): number {
  if (magnitudes.length < samples.length) magnitudes = new Float64Array(2 * samples.length);
  let n = 0;
  for (let i = 0; i < samples.length; i++) {
    const x = samples[i];
    if (x - x === 0) magnitudes[n++] = Math.abs(x);
  }
  return median(magnitudes, n);
}
