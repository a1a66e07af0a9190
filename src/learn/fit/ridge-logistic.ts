import { solveCholesky } from './cholesky.js';
import { rowSpace } from './row-space.js';

/** Where no slope is steeper, the least is found. */
const FLAT = 1e-10;
/** Newton's method takes about ten steps; it needs as many only where rounding keeps it from {@link FLAT}. */
const MOST_STEPS = 100;
/** A step must gain this share of what its slope promises (Armijo). */
const SHARE_OF_SLOPE = 1e-4;

/** Weights of a logistic regression. */
export interface RidgeLogistic {
  /** [classes][F + 1], the offset last; the first of two classes has zeros. */
  readonly weights: readonly Float64Array[];
}

/**
 * Logistic regression with a quadratic penalty on the weights, solved: the least of `sum -ln p(class) + penalty / 2 |w|^2`
 * by Newton's method, to a slope of 1e-10. The offsets are free. Two classes have one weight vector; more have one each
 * (softmax), as scikit-learn's `LogisticRegression` with C = 1 / penalty. The loss is summed over rows, so that a penalty
 * weighs less the more rows there are. A class of no row gets the offset -Infinity: its probability is 0.
 *
 * @param rows [n][F], about unit scale
 * @param label [n] 0 .. classes - 1
 * @param classes how many there are
 * @param penalty above 0
 */
export function ridgeLogistic(
  rows: readonly ArrayLike<number>[],
  label: readonly number[],
  classes: number,
  penalty: number,
): RidgeLogistic {
  if (rows[0].length > rows.length) return withinRowSpace(rows, label, classes, penalty);
  const width = rows[0].length + 1;
  const present = Array.from({ length: classes }, (_, c) => c).filter((c) => label.includes(c));
  const weights = Array.from({ length: classes }, (_, c) =>
    new Float64Array(width).fill(present.includes(c) ? 0 : Number.NEGATIVE_INFINITY, width - 1),
  );
  if (present.length < 2) return { weights };
  // Of two classes the first scores 0, of more each has a score.
  const scored = present.length === 2 ? present.slice(1) : present;
  const problem = new Problem(
    rows,
    label.map((c) => scored.indexOf(c)),
    scored.length,
    penalty,
  );
  const solved = newton(problem);
  for (const [k, c] of scored.entries()) weights[c].set(solved.subarray(k * width, (k + 1) * width));
  return { weights };
}

/** The same solution, found where there are no more coordinates than rows. */
function withinRowSpace(
  rows: readonly ArrayLike<number>[],
  label: readonly number[],
  classes: number,
  penalty: number,
): RidgeLogistic {
  const { coordinates, lift } = rowSpace(rows);
  const { weights } = ridgeLogistic(coordinates, label, classes, penalty);
  return { weights: weights.map((own) => Float64Array.of(...lift(own), own[own.length - 1])) };
}

/** Logit of each class; softmax makes them probabilities. */
export function ridgeLogits({ weights }: RidgeLogistic, row: ArrayLike<number>): number[] {
  return weights.map((own) => {
    let sum = own[row.length];
    for (let f = 0; f < row.length; f++) sum += own[f] * row[f];
    return sum;
  });
}

/** The sum to minimise. Parameters are [K, width], row-major. */
class Problem {
  readonly size: number;
  readonly #width: number;
  /** [n, width], the last column 1. */
  readonly #rows: Float64Array;
  readonly #n: number;

  /** @param label [n] 0 .. K - 1; -1: the class that scores 0, where K is 1 */
  constructor(
    rows: readonly ArrayLike<number>[],
    private readonly label: readonly number[],
    private readonly scores: number,
    private readonly penalty: number,
  ) {
    this.#n = rows.length;
    this.#width = rows[0].length + 1;
    this.#rows = new Float64Array(this.#n * this.#width).fill(1);
    for (const [i, row] of rows.entries()) this.#rows.set(Array.from(row), i * this.#width);
    this.size = this.#width * scores;
  }

  /** Probabilities [n, K] of the classes that score, and the value of the sum. */
  at(parameters: Float64Array): { value: number; probabilities: Float64Array } {
    const [width, scores] = [this.#width, this.scores];
    const probabilities = new Float64Array(this.#n * scores);
    const logits = new Float64Array(scores);
    let value = 0;
    for (let j = 0; j < this.size; j++)
      if (j % width < width - 1) value += (this.penalty / 2) * parameters[j] * parameters[j];
    for (let i = 0; i < this.#n; i++) {
      let most = scores === 1 ? 0 : Number.NEGATIVE_INFINITY;
      for (let k = 0; k < scores; k++) {
        let sum = 0;
        for (let f = 0; f < width; f++) sum += parameters[k * width + f] * this.#rows[i * width + f];
        logits[k] = sum;
        most = Math.max(most, sum);
      }
      let total = scores === 1 ? Math.exp(-most) : 0;
      for (const logit of logits) total += Math.exp(logit - most);
      for (let k = 0; k < scores; k++) probabilities[i * scores + k] = Math.exp(logits[k] - most) / total;
      value += most + Math.log(total) - (this.label[i] < 0 ? 0 : logits[this.label[i]]);
    }
    return { value, probabilities };
  }

  gradient(parameters: Float64Array, probabilities: Float64Array): Float64Array {
    const [width, scores] = [this.#width, this.scores];
    const out = parameters.map((value, j) => (j % width < width - 1 ? this.penalty * value : 0));
    for (let i = 0; i < this.#n; i++)
      for (let k = 0; k < scores; k++) {
        const off = probabilities[i * scores + k] - (this.label[i] === k ? 1 : 0);
        for (let f = 0; f < width; f++) out[k * width + f] += off * this.#rows[i * width + f];
      }
    return out;
  }

  /** Lower triangle of the second derivatives, [size, size]. */
  curvature(probabilities: Float64Array): Float64Array {
    const [width, scores, size] = [this.#width, this.scores, this.size];
    const out = new Float64Array(size * size);
    for (let i = 0; i < this.#n; i++)
      for (let k = 0; k < scores; k++)
        for (let l = 0; l <= k; l++) {
          const p = probabilities[i * scores + k];
          const share = p * ((k === l ? 1 : 0) - probabilities[i * scores + l]);
          for (let f = 0; f < width; f++) {
            const scaled = share * this.#rows[i * width + f];
            const from = (k * width + f) * size + l * width;
            const until = k === l ? f + 1 : width;
            for (let g = 0; g < until; g++) out[from + g] += scaled * this.#rows[i * width + g];
          }
        }
    for (let j = 0; j < size; j++) if (j % width < width - 1) out[j * size + j] += this.penalty;
    if (scores > 1) this.#fixOffsets(out);
    return out;
  }

  /**
   * One number added to all offsets changes nothing, and the sum is flat that way. No slope leads there, so that any
   * curvature along it makes the triangle definite and leaves steps as they are.
   */
  #fixOffsets(curvature: Float64Array): void {
    const [width, scores, size] = [this.#width, this.scores, this.size];
    const offset = (k: number): number => k * width + width - 1;
    for (let k = 0; k < scores; k++)
      for (let l = 0; l <= k; l++) curvature[offset(k) * size + offset(l)] += this.#n / scores;
  }
}

function newton(problem: Problem): Float64Array {
  let parameters = new Float64Array(problem.size);
  let { value, probabilities } = problem.at(parameters);
  let gradient = problem.gradient(parameters, probabilities);
  for (let step = 0; step < MOST_STEPS && steepest(gradient) > FLAT; step++) {
    const direction = solveCholesky(problem.curvature(probabilities), gradient.slice(), problem.size);
    const slope = -gradient.reduce((sum, own, j) => sum + own * direction[j], 0);
    const along = (length: number): Float64Array<ArrayBuffer> =>
      parameters.map((own, j) => own - length * direction[j]);
    let length = 1;
    let next = problem.at(along(length));
    // Gains too small to be seen in the sum are those of whole steps.
    while (
      -slope > Number.EPSILON * Math.abs(value) * 100 &&
      next.value > value + SHARE_OF_SLOPE * length * slope
    ) {
      length /= 2;
      next = problem.at(along(length));
    }
    const moved = along(length);
    const found = problem.gradient(moved, next.probabilities);
    // At the end of what rounding lets be told.
    if (-slope <= Number.EPSILON * Math.abs(value) && steepest(found) >= steepest(gradient)) break;
    parameters = moved;
    ({ value, probabilities } = next);
    gradient = found;
  }
  return parameters;
}

function steepest(gradient: Float64Array): number {
  return gradient.reduce((most, own) => Math.max(most, Math.abs(own)), 0);
}
