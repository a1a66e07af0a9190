import type { Seconds } from '../../core/clock.js';

/** Share of intervals that must lie near a multiple of the median before a stream counts as regular. */
const REGULAR_SHARE = 0.95;
/** How near, as a share of the median: stamps rounded to milliseconds at 256 Hz are off by a quarter. */
const NEAR = 0.3;
/** Rates this close to a whole number of samples a second, or of seconds a sample, are taken as that. */
const ROUNDING = 2e-3;

/**
 * Nominal rate, Hz, of samples at ascending `stamps`: from the intervals near the median, so that gaps don't count;
 * 0 where the stamps are irregular or fewer than three.
 */
export function estimateRate(stamps: readonly Seconds[]): number {
  const intervals = stamps.slice(1).map((stamp, i) => stamp - stamps[i]);
  if (intervals.length < 2) return 0;
  const sorted = Float64Array.from(intervals).sort();
  const median = sorted[sorted.length >> 1];
  if (!(median > 0)) return 0;
  const multiple = (interval: Seconds) => {
    const steps = Math.max(1, Math.round(interval / median));
    return Math.abs(interval / median - steps) <= NEAR ? steps : 0;
  };
  // Lost samples leave multiples of the interval; jitter doesn't.
  if (sorted.filter((interval) => multiple(interval) > 0).length < REGULAR_SHARE * sorted.length) return 0;
  const near = sorted.filter((interval) => multiple(interval) === 1);
  const rate = near.length / near.reduce((sum, interval) => sum + interval, 0);
  return roundedRate(rate);
}

function roundedRate(rate: number): number {
  const whole = rate >= 1 ? Math.round(rate) : 1 / Math.round(1 / rate);
  return Math.abs(rate - whole) <= ROUNDING * whole ? whole : Number(rate.toPrecision(6));
}

/** Steps longer than so many usual ones are holes. */
const HOLE_STEPS = 10;

/**
 * Rate, Hz, of samples that are known to be regular, though their stamps jitter or stand for packets: samples over time, without
 * holes; 0 where stamps don't move or are fewer than three.
 */
export function meanRate(stamps: readonly Seconds[]): number {
  const steps = stamps.slice(1).map((stamp, i) => stamp - stamps[i]);
  // Samples of one packet may have one stamp.
  const moving = steps.filter((step) => step > 0);
  if (steps.length < 2 || moving.length === 0) return 0;
  const longest = HOLE_STEPS * mean(moving);
  return roundedRate(1 / mean(steps.filter((step) => step <= longest)));
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
