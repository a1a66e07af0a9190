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
  // By values: rounding leaves a constant series a variance of its own.
  const constant = isConstant(predicted) || isConstant(label);
  return {
    ccc: constant ? Number.NaN : (2 * covariance) / (varP + varL + shift * shift),
    pcc: constant ? Number.NaN : covariance / Math.sqrt(varP * varL),
    mae: absolute,
    rmse: Math.sqrt(squared),
  };
}

function isConstant(values: ArrayLike<number>): boolean {
  for (let i = 1; i < values.length; i++) if (values[i] !== values[0]) return false;
  return true;
}
