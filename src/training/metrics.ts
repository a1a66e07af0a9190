/** Agreement of predictions with labels over one series. NaN where a series is constant. */
export interface Agreement {
  /** Concordance correlation coefficient (Lin 1989), population moments. */
  readonly ccc: number;
  /** Pearson's correlation. */
  readonly pcc: number;
  readonly mae: number;
  readonly rmse: number;
}

/** `predicted` and `label` of equal length; scale of the label. */
export function agreement(predicted: ArrayLike<number>, label: ArrayLike<number>): Agreement {
  const n = predicted.length;
  let [meanP, meanL, absolute, squared] = [0, 0, 0, 0];
  for (let i = 0; i < n; i++) {
    meanP += predicted[i] / n;
    meanL += label[i] / n;
    const error = predicted[i] - label[i];
    absolute += Math.abs(error) / n;
    squared += (error * error) / n;
  }
  let [varP, varL, covariance] = [0, 0, 0];
  for (let i = 0; i < n; i++) {
    const [p, l] = [predicted[i] - meanP, label[i] - meanL];
    varP += (p * p) / n;
    varL += (l * l) / n;
    covariance += (p * l) / n;
  }
  const shift = meanP - meanL;
  const constant = varP === 0 || varL === 0;
  return {
    ccc: constant ? Number.NaN : (2 * covariance) / (varP + varL + shift * shift),
    pcc: constant ? Number.NaN : covariance / Math.sqrt(varP * varL),
    mae: absolute,
    rmse: Math.sqrt(squared),
  };
}

export interface MeanAgreement extends Agreement {
  /** Standard deviation of CCC over people (n - 1). */
  readonly cccSd: number;
  /** People counted; those with a constant series are not. */
  readonly people: number;
}

/** Each person's agreement, averaged over people. */
export function meanAgreement(people: readonly Agreement[]): MeanAgreement {
  const counted = people.filter(({ ccc }) => Number.isFinite(ccc));
  const n = counted.length;
  const mean = (of: (a: Agreement) => number): number => counted.reduce((sum, a) => sum + of(a), 0) / n;
  const ccc = mean((a) => a.ccc);
  const squares = counted.reduce((sum, a) => sum + (a.ccc - ccc) * (a.ccc - ccc), 0);
  return {
    ccc,
    pcc: mean((a) => a.pcc),
    mae: mean((a) => a.mae),
    rmse: mean((a) => a.rmse),
    cccSd: n > 1 ? Math.sqrt(squares / (n - 1)) : Number.NaN,
    people: n,
  };
}
