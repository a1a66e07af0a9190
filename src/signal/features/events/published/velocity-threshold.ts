import { fivePointVelocity } from './five-point-velocity.js';
import { keepLong, PublishedLabel, samplesOf, type WholeGaze } from './whole-gaze.js';

export const velocityThresholdDefaults = {
  /** Speed above which a sample is of a saccade, deg/s. */
  threshold: 45,
  saccadeLeast_s: 0.01,
  fixationLeast_s: 0.06,
} as const;
export type VelocityThresholdParameters = {
  readonly [key in keyof typeof velocityThresholdDefaults]: number;
};

/**
 * Identification by a velocity threshold, I-VT (Salvucci & Goldberg 2000, doi:10.1145/355017.355028): samples faster than
 * the threshold are saccades, all others fixations. Speed is the five-point mean, which looks two samples ahead; shorter
 * saccades and fixations than the least are left out, which the publication leaves open.
 */
export function velocityThreshold(
  { sfreq, x, y }: WholeGaze,
  params: VelocityThresholdParameters = velocityThresholdDefaults,
): Uint8Array {
  const [vx, vy] = [fivePointVelocity(x, sfreq), fivePointVelocity(y, sfreq)];
  const labels = new Uint8Array(vx.length);
  for (let i = 0; i < labels.length; i++) {
    const speed = Math.sqrt(vx[i] * vx[i] + vy[i] * vy[i]);
    if (speed > params.threshold) labels[i] = PublishedLabel.saccade;
    else if (speed <= params.threshold) labels[i] = PublishedLabel.fixation;
  }
  return keepLong(labels, {
    [PublishedLabel.saccade]: samplesOf(params.saccadeLeast_s, sfreq),
    [PublishedLabel.fixation]: samplesOf(params.fixationLeast_s, sfreq),
  });
}
