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
export function finiteMean(values: ArrayLike<number>): number {
  let n = 0;
  let sum = 0;
  for (let i = 0; i < values.length; i++) {
    const x = values[i];
    if (x - x !== 0) continue;
    n++;
    sum += x;
  }
  return n === 0 ? Number.NaN : sum / n;
}

let scratch = new Float64Array(64);

/** Median of the first `n` of `values`; NaN where there is none. They are parted at the middle, not sorted (Hoare's selection). */
export function median(values: ArrayLike<number>, n: number = values.length): number {
  if (n === 0) return Number.NaN;
  if (scratch.length < n) scratch = new Float64Array(2 * n);
  for (let i = 0; i < n; i++) scratch[i] = values[i];
  const middle = n >>> 1;
  part(scratch, n, middle);
  if (n % 2 === 1) return scratch[middle];
  let below = scratch[0];
  for (let i = 1; i < middle; i++) if (scratch[i] > below) below = scratch[i];
  return (below + scratch[middle]) / 2;
}

/** Puts the value at place `k` of the sorted first `n` there, smaller ones before and larger ones after it. */
function part(values: Float64Array, n: number, k: number): void {
  let low = 0;
  let high = n - 1;
  while (low < high) {
    const pivot = values[k];
    let i = low;
    let j = high;
    while (i <= j) {
      while (values[i] < pivot) i++;
      while (pivot < values[j]) j--;
      if (i > j) break;
      const x = values[i];
      values[i++] = values[j];
      values[j--] = x;
    }
    if (j < k) low = i;
    if (k < i) high = j;
  }
}
