/** A figure of each person, or session, or fold, put together. */
export interface Spread {
  /** Over those that have one. NaN of none. */
  readonly mean: number;
  /** Standard deviation, n - 1 in the denominator; NaN of fewer than two. */
  readonly sd: number;
  readonly counted: number;
  /** How many had none: CCC, PCC and AUC of a constant series are not numbers. */
  readonly undefined: number;
}

/** {@link Spread.mean} alone. */
export function meanOf(values: readonly number[]): number {
  let [sum, counted] = [0, 0];
  for (const value of values)
    if (!Number.isNaN(value)) {
      sum += value;
      counted++;
    }
  return sum / counted;
}

export function spread(values: readonly number[]): Spread {
  const mean = meanOf(values);
  let counted = 0;
  let squares = 0;
  for (const value of values)
    if (!Number.isNaN(value)) {
      squares += (value - mean) * (value - mean);
      counted++;
    }
  return {
    mean,
    sd: counted > 1 ? Math.sqrt(squares / (counted - 1)) : Number.NaN,
    counted,
    undefined: values.length - counted,
  };
}
