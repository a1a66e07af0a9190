/**
 * Share of the samples that no row has, 0..1. Rows without any measured sample are sensors that are out, not moments
 * that are missing, and don't count; NaN where there is no other row.
 */
export function missingShare(rows: readonly Float64Array[]): number {
  const live = rows.filter((row) => row.some((x) => x - x === 0));
  if (live.length === 0) return Number.NaN;
  let missing = 0;
  for (let i = 0; i < live[0].length; i++) if (live.every((row) => row[i] - row[i] !== 0)) missing++;
  return missing / live[0].length;
}
