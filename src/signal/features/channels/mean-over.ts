/**
 * Computes the same features for several channels and writes their means to `out`; a channel's NaN is left out, and
 * NaN stands where no channel has a value.
 */
export function meanOver(
  channels: readonly number[],
  out: Float64Array,
  compute: (channel: number, row: Float64Array) => void,
): void {
  const row = new Float64Array(out.length);
  const counts = new Int32Array(out.length);
  out.fill(0);
  for (const c of channels) {
    compute(c, row);
    for (let i = 0; i < row.length; i++) {
      if (!Number.isFinite(row[i])) continue;
      out[i] += row[i];
      counts[i]++;
    }
  }
  for (let i = 0; i < out.length; i++) out[i] = counts[i] > 0 ? out[i] / counts[i] : Number.NaN;
}
