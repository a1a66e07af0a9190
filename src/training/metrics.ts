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

export interface MeanAgreement extends Agreement {
  /** Standard deviation of CCC over people (n - 1). */
  readonly cccSd: number;
  /** People with a CCC; those with a constant series have none. */
  readonly people: number;
}

/** Each person's agreement, averaged over people; CCC and PCC over those who have them. */
export function meanAgreement(people: readonly Agreement[]): MeanAgreement {
  const mean = (of: readonly Agreement[], metric: keyof Agreement): number =>
    of.reduce((sum, agreement) => sum + agreement[metric], 0) / of.length;
  const counted = people.filter(({ ccc }) => Number.isFinite(ccc));
  const ccc = mean(counted, 'ccc');
  const squares = counted.reduce((sum, a) => sum + (a.ccc - ccc) * (a.ccc - ccc), 0);
  return {
    ccc,
    pcc: mean(counted, 'pcc'),
    mae: mean(people, 'mae'),
    rmse: mean(people, 'rmse'),
    cccSd: counted.length > 1 ? Math.sqrt(squares / (counted.length - 1)) : Number.NaN,
    people: counted.length,
  };
}
