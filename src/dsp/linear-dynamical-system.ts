/**
 * A scalar linear dynamical system: a state that walks at random and is seen through noise (Shi & Lu 2010,
 * doi:10.1109/IEMBS.2010.5627125, with A = C = 1).
 */
export interface WalkModel {
  /** Variance of the state's step from one observation to the next. */
  readonly process: number;
  /** Variance of an observation around the state. */
  readonly observation: number;
}

/** What is known of the state before the first observation. */
export interface WalkPrior {
  readonly mean: number;
  /** Infinity: nothing. */
  readonly variance: number;
}

/** The state after what was seen so far. */
export interface WalkEstimate {
  mean: number;
  variance: number;
}

export const unknownWalk = (): WalkEstimate => ({ mean: 0, variance: Number.POSITIVE_INFINITY });

/** Kalman's update of `estimate` in place: `process` of variance is added, then `y` is seen with variance `observation`. */
export function observeWalk(estimate: WalkEstimate, y: number, process: number, observation: number): void {
  const ahead = estimate.variance + process;
  const gain = ahead === Number.POSITIVE_INFINITY ? 1 : ahead / (ahead + observation);
  estimate.mean += gain * (y - estimate.mean);
  estimate.variance = gain * observation;
}

/**
 * The most probable states [n] given all observations `y` [n], later ones too: Kalman's filter and
 * Rauch, Tung & Striebel's backward pass (1965, doi:10.2514/3.3166). For recordings as a whole; a stream has no later
 * ones. A NaN is an observation that was not made.
 */
export function smoothWalk(
  y: Float64Array,
  { process, observation }: WalkModel,
  prior: WalkPrior,
): Float64Array {
  const states = new Float64Array(y.length);
  const variances = new Float64Array(y.length);
  const estimate = { ...prior };
  for (let t = 0; t < y.length; t++) {
    const step = t === 0 ? 0 : process;
    if (Number.isNaN(y[t])) estimate.variance += step;
    else observeWalk(estimate, y[t], step, observation);
    states[t] = estimate.mean;
    variances[t] = estimate.variance;
  }
  for (let t = y.length - 2; t >= 0; t--) {
    const gain = variances[t] === Number.POSITIVE_INFINITY ? 1 : variances[t] / (variances[t] + process);
    states[t] += gain * (states[t + 1] - states[t]);
  }
  return states;
}
