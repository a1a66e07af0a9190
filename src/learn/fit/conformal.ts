/**
 * Half widths of split conformal intervals for a window of a new person, by level, when people are exchangeable but a
 * person's windows are not independent: hierarchical conformal prediction (Lee, Barber & Willett 2023, arXiv
 * 2306.06342). Every calibration person weighs 1 / (n + 1), shared among their windows, and the new person stands for an
 * infinite error; the half width is the `level` quantile of these errors. Coverage, over people and windows, is at least
 * `level`, and exceeds it by about 1 / (n + 1). Null when there are too few people for the level.
 *
 * @param errors absolute errors of each person's windows, in the label's unit
 */
export function conformalHalfWidths(
  errors: readonly (readonly number[])[],
): (level: number) => number | null {
  const people = errors.filter((person) => person.length > 0);
  const weighted = people
    .flatMap((person) =>
      person.map((error) => ({ error, weight: 1 / (person.length * (people.length + 1)) })),
    )
    .sort((a, b) => a.error - b.error);
  const sums = new Float64Array(weighted.length);
  weighted.forEach(({ weight }, i) => {
    sums[i] = weight + (i > 0 ? sums[i - 1] : 0);
  });
  return (level) => {
    // Sums of many small weights fall short of their true value by rounding.
    const needed = level - 1e-9;
    let [from, to] = [0, sums.length];
    while (from < to) {
      const middle = (from + to) >> 1;
      if (sums[middle] >= needed) to = middle;
      else from = middle + 1;
    }
    return weighted[from]?.error ?? null;
  };
}

/** One of {@link conformalHalfWidths}. */
export function conformalHalfWidth(errors: readonly (readonly number[])[], level: number): number | null {
  return conformalHalfWidths(errors)(level);
}
