/** Times less their constant lag against `truth`: the median distance to the nearest true one. */
function withoutLag(truth: readonly number[], found: readonly number[]): number[] {
  const lags = found
    .map((f) => truth.reduce((best, t) => (Math.abs(f - t) < Math.abs(best) ? f - t : best), Infinity))
    .filter((lag) => Math.abs(lag) < 0.5)
    .sort((a, b) => a - b);
  return found.map((f) => f - (lags[lags.length >> 1] ?? 0));
}

/** F1 of `found` beats at 50 ms, constant lag removed, each counted once; between `from` and `to`, s. */
export function beatF1(
  truth: readonly number[],
  found: readonly number[],
  from = -1,
  to = Number.POSITIVE_INFINITY,
): number {
  const wanted = truth.filter((t) => t >= from && t < to);
  const left = new Set(withoutLag(truth, found).filter((f) => f >= from - 0.05 && f < to + 0.05));
  let hits = 0;
  for (const t of wanted) {
    const near = [...left].filter((f) => Math.abs(f - t) <= 0.05);
    if (near.length === 0) continue;
    left.delete(near.reduce((a, b) => (Math.abs(a - t) <= Math.abs(b - t) ? a : b)));
    hits++;
  }
  const extra = [...left].filter((f) => f >= from && f < to).length;
  return (2 * hits) / (wanted.length + hits + extra);
}
