/** Rows in coordinates of the space that they span. */
export interface RowSpace {
  /** [n][rank] of each row, at right angles and of the same unit as the features. */
  readonly coordinates: readonly Float64Array[];
  /** Weights of coordinates, [rank], as those of features, [F], of equal length: `row . lift(v) = coordinates . v`. */
  lift(weights: ArrayLike<number>): Float64Array;
}

/** A row of which less than this is left, beside what was there, is a sum of the rows before it. */
const DEPENDENT = 1e-9;

/**
 * The space that rows span, by Gram and Schmidt, each direction cleared twice. A linear model whose squared weights are
 * penalised has no weight outside it, so that a problem of more features than rows is one of no more coordinates than rows.
 *
 * @param rows [n][F]
 */
export function rowSpace(rows: readonly ArrayLike<number>[]): RowSpace {
  const axes: Float64Array[] = [];
  const coordinates = rows.map((row) => {
    const left = Float64Array.from(row);
    const length = Math.sqrt(dot(left, left));
    const along = axes.map(() => 0);
    for (let pass = 0; pass < 2; pass++)
      for (const [a, axis] of axes.entries()) {
        const part = dot(left, axis);
        along[a] += part;
        for (let f = 0; f < left.length; f++) left[f] -= part * axis[f];
      }
    const rest = Math.sqrt(dot(left, left));
    if (rest > DEPENDENT * length) {
      axes.push(left.map((value) => value / rest));
      along.push(rest);
    }
    return along;
  });
  return {
    coordinates: coordinates.map((along) =>
      Float64Array.from({ length: axes.length }, (_, a) => along[a] ?? 0),
    ),
    lift(weights) {
      const lifted = new Float64Array(rows[0].length);
      for (const [a, axis] of axes.entries())
        for (let f = 0; f < lifted.length; f++) lifted[f] += weights[a] * axis[f];
      return lifted;
    },
  };
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let f = 0; f < a.length; f++) sum += a[f] * b[f];
  return sum;
}
