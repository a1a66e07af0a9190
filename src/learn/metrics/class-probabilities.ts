/** How well given class probabilities fit the labels. */
export interface ProbabilityScores {
  /** Mean over windows of the squared distance to the label's unit vector: 0 .. 2 (Brier 1950). */
  readonly brier: number;
  /** Mean of -ln of the label's probability, which is taken as at least {@link SMALLEST}. */
  readonly nll: number;
  /** Expected calibration error over 10 bins of the highest probability (Naeini et al. 2015). */
  readonly ece: number;
}

/** Log-loss of a label that was given probability 0 is counted as -ln of this. */
const SMALLEST = 1e-15;

/**
 * @param probabilities [n][classes], each row summing to 1
 * @param label [n] class indices
 */
export function probabilityScores(
  probabilities: readonly ArrayLike<number>[],
  label: ArrayLike<number>,
): ProbabilityScores {
  const n = probabilities.length;
  let [brier, nll] = [0, 0];
  probabilities.forEach((row, i) => {
    for (let c = 0; c < row.length; c++) {
      const off = row[c] - (label[i] === c ? 1 : 0);
      brier += (off * off) / n;
    }
    nll -= Math.log(Math.max(SMALLEST, row[label[i]])) / n;
  });
  const ece = reliabilityBins(probabilities, label, BINS).reduce(
    (sum, { count, confidence, accuracy }) => sum + (count / n) * Math.abs(accuracy - confidence),
    0,
  );
  return { brier, nll, ece };
}

const BINS = 10;

/** Predictions of like confidence together. */
export interface ReliabilityBin {
  readonly count: number;
  /** Mean of the highest probability. */
  readonly confidence: number;
  /** Share of right ones. */
  readonly accuracy: number;
}

/** Bins of equal width, (from, to], of the highest probability; empty ones are left out. */
export function reliabilityBins(
  probabilities: readonly ArrayLike<number>[],
  label: ArrayLike<number>,
  bins = BINS,
): ReliabilityBin[] {
  const sums = Array.from({ length: bins }, () => ({ count: 0, confidence: 0, right: 0 }));
  probabilities.forEach((row, i) => {
    const best = mostLikely(row);
    const bin = sums[Math.max(0, Math.ceil(row[best] * bins) - 1)];
    bin.count++;
    bin.confidence += row[best];
    bin.right += best === label[i] ? 1 : 0;
  });
  return sums.flatMap(({ count, confidence, right }) =>
    count === 0 ? [] : [{ count, confidence: confidence / count, accuracy: right / count }],
  );
}

/** The class of highest probability, the first of equal ones. */
export function mostLikely(row: ArrayLike<number>): number {
  let best = 0;
  for (let c = 1; c < row.length; c++) if (row[c] > row[best]) best = c;
  return best;
}
