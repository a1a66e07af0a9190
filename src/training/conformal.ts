/**
 * Half width of a split conformal interval when whole people are exchangeable, not their windows: each calibration
 * person gives one score, the `level` quantile of their own absolute errors, and the interval takes the
 * ceil((n + 1) level)-th of these (Dunn, Wasserman & Ramdas 2023, "subsampling" made deterministic). So a new person's
 * windows are covered at `level`, for at least about `level` of people. Null with fewer people than that needs.
 *
 * @param errors absolute errors of each person's windows, in the label's unit
 */
export function conformalHalfWidth(errors: readonly (readonly number[])[], level: number): number | null {
  const scores = errors
    .filter((person) => person.length > 0)
    .map((person) => quantile(person, level))
    .sort((a, b) => a - b);
  const rank = Math.ceil((scores.length + 1) * level);
  return rank <= scores.length ? scores[rank - 1] : null;
}

/** The smallest value that at least `level` of `values` do not exceed. */
function quantile(values: readonly number[], level: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(level * sorted.length) - 1)];
}
