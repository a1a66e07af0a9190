/** Counts of true against predicted classes. */
export interface Confusion {
  /** [true][predicted] */
  readonly counts: readonly (readonly number[])[];
}

/**
 * @param predicted [n] class indices
 * @param label [n]
 * @param classes how many classes there are, whether or not the labels have them
 */
export function confusion(
  predicted: ArrayLike<number>,
  label: ArrayLike<number>,
  classes: number,
): Confusion {
  const counts = Array.from({ length: classes }, () => new Array<number>(classes).fill(0));
  for (let i = 0; i < label.length; i++) counts[label[i]][predicted[i]]++;
  return { counts };
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

/** Share of right ones; NaN of none. */
export function accuracy({ counts }: Confusion): number {
  return sum(counts.map((row, c) => row[c])) / sum(counts.map(sum));
}

/** Mean recall of the classes that the labels have: what always saying one class gets is 1 / classes. */
export function balancedAccuracy({ counts }: Confusion): number {
  const recalls = counts.flatMap((row, c) => (sum(row) > 0 ? [row[c] / sum(row)] : []));
  return sum(recalls) / recalls.length;
}

/** Mean F1 over all classes, 0 for one that is neither labelled nor predicted (scikit-learn's `zero_division=0`). */
export function macroF1({ counts }: Confusion): number {
  const scores = counts.map((row, c) => {
    const seen = sum(row) + sum(counts.map((other) => other[c]));
    return seen === 0 ? 0 : (2 * row[c]) / seen;
  });
  return sum(scores) / scores.length;
}
