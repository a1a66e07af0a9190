/**
 * Velocity of `position` [n] at `sfreq` Hz, per second: the mean over five samples,
 * v_n = (x_n+2 + x_n+1 - x_n-1 - x_n-2) / (6 dt) (Engbert & Kliegl 2003, eq. 1, doi:10.1016/S0042-6989(03)00084-1).
 * NaN in the first and last two samples, and where one of the five was lost.
 */
export function fivePointVelocity(position: ArrayLike<number>, sfreq: number): Float64Array {
  const velocity = new Float64Array(position.length).fill(Number.NaN);
  for (let n = 2; n < position.length - 2; n++) {
    if (Number.isNaN(position[n])) continue;
    velocity[n] = ((position[n + 2] + position[n + 1] - position[n - 1] - position[n - 2]) * sfreq) / 6;
  }
  return velocity;
}
