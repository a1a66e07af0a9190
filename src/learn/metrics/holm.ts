/**
 * Holm's correction for several tests at once (1979): p values that bound the chance of one false claim in the whole
 * family. NaN stays NaN and counts for nothing.
 */
export function holm(p: readonly number[]): number[] {
  const order = p.map((_, i) => i).filter((i) => !Number.isNaN(p[i]));
  order.sort((a, b) => p[a] - p[b]);
  const adjusted = p.map(() => Number.NaN);
  let largest = 0;
  order.forEach((i, place) => {
    largest = Math.max(largest, Math.min(1, (order.length - place) * p[i]));
    adjusted[i] = largest;
  });
  return adjusted;
}
