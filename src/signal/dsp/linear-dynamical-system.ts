/**
 * The state of a scalar linear dynamical system, which walks at random and is seen through noise, after what was seen so
 * far (Shi & Lu 2010, doi:10.1109/IEMBS.2010.5627125, with A = C = 1).
 */
export interface WalkEstimate {
  mean: number;
  /** Infinity: nothing is known. */
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
