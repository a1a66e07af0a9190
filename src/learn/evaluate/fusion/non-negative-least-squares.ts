import { Matrix, solve } from 'ml-matrix';

/**
 * The x >= 0 that is least in x'Gx - 2h'x: the active set method of Lawson & Hanson 1974 (chapter 23), on the normal
 * equations.
 *
 * @param gram G, [n][n], symmetric and positive semidefinite, about unit scale
 * @param right h, [n]
 */
export function nonNegativeLeastSquares(
  gram: readonly (readonly number[])[],
  right: readonly number[],
): number[] {
  const x = right.map(() => 0);
  const free = new Set<number>();
  const slope = (i: number): number => right[i] - gram[i].reduce((sum, g, k) => sum + g * x[k], 0);
  // Rounding can make the method go in circles; it is feasible at every step, so it may stop at any.
  for (let freed = 0; freed < 10 * right.length; freed++) {
    const slopes = right.map((_, i) => (free.has(i) ? 0 : slope(i)));
    const steepest = slopes.indexOf(Math.max(...slopes));
    if (slopes[steepest] <= TOLERANCE) return x;
    free.add(steepest);
    for (;;) {
      const own = [...free];
      const goal = unconstrained(gram, right, own);
      // Rounding alone made this one look worth freeing.
      if (free.has(steepest) && x[steepest] === 0 && goal[own.indexOf(steepest)] <= 0) return x;
      // How far along to the goal the first variable becomes 0, and which it is.
      let [step, first] = [1, -1];
      own.forEach((i, k) => {
        const share = goal[k] <= 0 ? x[i] / (x[i] - goal[k]) : 1;
        if (share < step) [step, first] = [share, i];
      });
      own.forEach((i, k) => {
        x[i] += step * (goal[k] - x[i]);
      });
      if (step === 1) break;
      // The first one goes by name: rounding may leave it a little above 0.
      for (const i of own)
        if (i === first || x[i] <= TOLERANCE) {
          x[i] = 0;
          free.delete(i);
        }
    }
  }
  return x;
}

const TOLERANCE = 1e-12;
/** Nothing, at about unit scale. */
const NOTHING = 1e-30;

/** The least point over the variables of `own` alone; of several the one of least norm. */
function unconstrained(
  gram: readonly (readonly number[])[],
  right: readonly number[],
  own: readonly number[],
): number[] {
  // Numbers so small that their products vanish keep the decomposition from ending.
  const a = new Matrix(own.map((i) => own.map((k) => (Math.abs(gram[i][k]) < NOTHING ? 0 : gram[i][k]))));
  return solve(a, Matrix.columnVector(own.map((i) => right[i])), true).to1DArray();
}
