import { finiteMean, median } from '../../../dsp/statistics.js';
import { fivePointVelocity } from './five-point-velocity.js';
import { keepLong, PublishedLabel, samplesOf, type WholeGaze } from './whole-gaze.js';

export const engbertKlieglDefaults = {
  /** Spreads of the velocity beyond which it is a saccade's; 6 finds microsaccades, too. */
  lambda: 10,
  saccadeLeast_s: 0.01,
  fixationLeast_s: 0.05,
} as const;
export type EngbertKlieglParameters = { readonly [key in keyof typeof engbertKlieglDefaults]: number };

/** Below this the median's spread says nothing and the standard deviation stands in for it, as in the toolbox, deg/s. */
const LEAST_SPREAD = 1e-10;

/**
 * Saccades as outliers in the plane of velocity (Engbert & Kliegl 2003, doi:10.1016/S0042-6989(03)00084-1): five-point
 * velocity outside the ellipse whose half axes are `lambda` spreads of its two components. The spread is the root of the
 * median square about the median, as in the authors' Microsaccade Toolbox (Engbert, Sinn, Mergenthaler & Trukenbrod 2015),
 * taken over the whole gaze: every label depends on all samples. One gaze, thus no binocular criterion; what is neither
 * saccade nor lost is a fixation from `fixationLeast_s`, of which the publication doesn't speak.
 */
export function engbertKliegl(
  { sfreq, x, y }: WholeGaze,
  params: EngbertKlieglParameters = engbertKlieglDefaults,
): Uint8Array {
  const [vx, vy] = [fivePointVelocity(x, sfreq), fivePointVelocity(y, sfreq)];
  const labels = new Uint8Array(vx.length);
  // The ellipse is of the samples whose velocity is known in both directions.
  for (let i = 0; i < labels.length; i++) if (Number.isNaN(vx[i] + vy[i])) vx[i] = vy[i] = Number.NaN;
  const [limitX, limitY] = [params.lambda * spreadOf(vx), params.lambda * spreadOf(vy)];
  for (let i = 0; i < labels.length; i++) {
    if (Number.isNaN(vx[i])) continue;
    const [ex, ey] = [vx[i] / limitX, vy[i] / limitY];
    labels[i] = ex * ex + ey * ey > 1 ? PublishedLabel.saccade : PublishedLabel.fixation;
  }
  return keepLong(labels, {
    [PublishedLabel.saccade]: Math.max(2, samplesOf(params.saccadeLeast_s, sfreq)),
    [PublishedLabel.fixation]: samplesOf(params.fixationLeast_s, sfreq),
  });
}

/** Infinite where a component never changes: there it tells no saccades. */
function spreadOf(velocity: Float64Array): number {
  const known = velocity.filter((v) => !Number.isNaN(v));
  const squaresAbout = (middle: number) => known.map((v) => (v - middle) * (v - middle));
  const spread = Math.sqrt(median(squaresAbout(median(known))));
  if (spread >= LEAST_SPREAD) return spread;
  const deviation = Math.sqrt(finiteMean(squaresAbout(finiteMean(known))));
  return deviation >= LEAST_SPREAD ? deviation : Number.POSITIVE_INFINITY;
}
