/** From data to places on the page. */
export type Scale = (value: number) => number;

/** Maps domain[0] to range[0] and domain[1] to range[1], and what is between linearly. */
export function linearScale(domain: readonly [number, number], range: readonly [number, number]): Scale {
  const slope = (range[1] - range[0]) / (domain[1] - domain[0]);
  return (value) => range[0] + slope * (value - domain[0]);
}

/** Round numbers within [low, high], about `count` of them, steps 1, 2 or 5 times a power of ten. */
export function ticks(low: number, high: number, count: number): number[] {
  const [mantissa, exponent] = ((high - low) / count).toExponential().split('e').map(Number);
  const unit = Number(`1e${exponent}`);
  const step = unit * (mantissa < 1.5 ? 1 : mantissa < 3.5 ? 2 : mantissa < 7.5 ? 5 : 10);
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  // Through decimal text: 3 * 0.1 is to be 0.3.
  return Array.from({ length: last - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(12)));
}

/** Least and greatest of finite values, with a little air; [0, 1] of none, and one apart where all are equal. */
export function extent(values: Iterable<number>): [number, number] {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  if (low > high) return [0, 1];
  const air = low === high ? 0.5 : 0.04 * (high - low);
  return [low - air, high + air];
}
