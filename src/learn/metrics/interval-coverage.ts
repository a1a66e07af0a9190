/** What prediction intervals held, next to what they promised. */
export interface IntervalCoverage {
  /** Share of labels inside; NaN of none. */
  readonly covered: number;
  /** Mean of the whole width, in the label's unit: wide intervals hold easily. */
  readonly width: number;
}

/** @param half [n] half widths */
export function intervalCoverage(
  predicted: ArrayLike<number>,
  half: ArrayLike<number>,
  label: ArrayLike<number>,
): IntervalCoverage {
  const n = predicted.length;
  let [inside, width] = [0, 0];
  for (let i = 0; i < n; i++) {
    if (Math.abs(predicted[i] - label[i]) <= half[i]) inside++;
    width += 2 * half[i];
  }
  return { covered: inside / n, width: width / n };
}
