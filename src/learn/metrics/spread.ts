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

export function spread(values: readonly number[]): Spread {
  const counted = values.filter((value) => !Number.isNaN(value));
  const mean = counted.reduce((sum, value) => sum + value, 0) / counted.length;
  const squares = counted.reduce((sum, value) => sum + (value - mean) * (value - mean), 0);
  return {
    mean,
    sd: counted.length > 1 ? Math.sqrt(squares / (counted.length - 1)) : Number.NaN,
    counted: counted.length,
    undefined: values.length - counted.length,
  };
}
