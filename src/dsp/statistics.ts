/** Statistics of the finite ones among some values, in two passes for the sake of large offsets; NaN where undefined. */
export interface Trend {
  /** Finite values. */
  readonly n: number;
  readonly mean: number;
  /** Standard deviation, ddof 0. */
  readonly sd: number;
  /** Least-squares slope, per second; NaN below three values or without a span of time. */
  readonly slope: number;
  /** Standard deviation around the least-squares line, ddof 0. */
  readonly residual_sd: number;
}

/** Mean, spread and line of `values` [n] at `times` [n], s; values that are not finite are left out. */
export function trendOf(times: Float64Array, values: Float64Array): Trend {
  let n = 0;
  let mean = 0;
  let middle = 0;
  for (let i = 0; i < values.length; i++) {
    if (values[i] - values[i] !== 0) continue;
    n++;
    mean += (values[i] - mean) / n;
    middle += (times[i] - middle) / n;
  }
  if (n === 0) return { n, mean: Number.NaN, sd: Number.NaN, slope: Number.NaN, residual_sd: Number.NaN };
  let square = 0;
  let product = 0;
  let span = 0;
  for (let i = 0; i < values.length; i++) {
    if (values[i] - values[i] !== 0) continue;
    const x = values[i] - mean;
    const t = times[i] - middle;
    square += x * x;
    product += x * t;
    span += t * t;
  }
  const slope = n >= 3 && span > 0 ? product / span : Number.NaN;
  return {
    n,
    mean,
    sd: Math.sqrt(square / n),
    slope,
    residual_sd: Math.sqrt(Math.max(0, square - slope * product) / n),
  };
}

/** Mean of the finite ones among `values`; NaN where there is none. */
export function finiteMean(values: Iterable<number>): number {
  let n = 0;
  let sum = 0;
  for (const x of values) {
    if (x - x !== 0) continue;
    n++;
    sum += x;
  }
  return n === 0 ? Number.NaN : sum / n;
}

/** Median of `values`; NaN where there is none. */
export function median(values: readonly number[]): number {
  if (values.length === 0) return Number.NaN;
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >>> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
