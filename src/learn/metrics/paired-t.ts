import type { PairedTest } from './wilcoxon.js';

/** Student's paired t test, two-sided; pairs with a NaN are left out. `p` is NaN where all differences are equal. */
export function pairedT(a: ArrayLike<number>, b: ArrayLike<number>): PairedTest {
  const differences = Array.from(a, (value, i) => value - b[i]).filter((d) => !Number.isNaN(d));
  const pairs = differences.length;
  const mean = differences.reduce((sum, d) => sum + d, 0) / pairs;
  const squares = differences.reduce((sum, d) => sum + (d - mean) * (d - mean), 0);
  const t = mean / Math.sqrt(squares / (pairs - 1) / pairs);
  if (pairs < 2 || squares === 0) return { pairs, statistic: t, p: Number.NaN };
  const freedom = pairs - 1;
  return { pairs, statistic: t, p: incompleteBeta(freedom / 2, 0.5, freedom / (freedom + t * t)) };
}

/** Regularised incomplete beta function I_x(a, b), by its continued fraction (DLMF 8.17.22, modified Lentz). */
export function incompleteBeta(a: number, b: number, x: number): number {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  // The fraction converges fast on this side of the mean alone.
  if (x > (a + 1) / (a + b + 2)) return 1 - incompleteBeta(b, a, 1 - x);
  const TINY = 1e-300;
  const notZero = (value: number): number => (Math.abs(value) < TINY ? TINY : value);
  let c = 1;
  let d = 1 / notZero(1 - ((a + b) * x) / (a + 1));
  let fraction = d;
  for (let m = 1; m <= 1000; m++) {
    const before = fraction;
    const terms = [
      (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m)),
      (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1)),
    ];
    for (const term of terms) {
      d = 1 / notZero(1 + term * d);
      c = notZero(1 + term / c);
      fraction *= c * d;
    }
    if (Math.abs(fraction - before) <= 1e-16 * Math.abs(fraction)) break;
  }
  const front = a * Math.log(x) + b * Math.log(1 - x) + logGamma(a + b) - logGamma(a) - logGamma(b);
  return (Math.exp(front) * fraction) / a;
}

/** ln Gamma(x), x > 0: Stirling's series (DLMF 5.11.1) after x is brought above 15 by recurrence. */
function logGamma(x: number): number {
  let shift = 0;
  let y = x;
  for (; y < 15; y++) shift += Math.log(y);
  const r = 1 / (y * y);
  const series = (1 / 12 - r * (1 / 360 - r * (1 / 1260 - r * (1 / 1680 - r / 1188)))) / y;
  return (y - 0.5) * Math.log(y) - y + 0.5 * Math.log(2 * Math.PI) + series - shift;
}
