/** Mean and variance (ddof 0) of feature `f` over the examples of one class; masked (NaN) values are left out. */
function momentsOf(
  rows: readonly Float64Array[],
  classes: readonly number[],
  which: number,
  f: number,
): { n: number; mean: number; variance: number } {
  let n = 0;
  let mean = 0;
  let spread = 0;
  for (const [i, row] of rows.entries()) {
    const x = row[f];
    if (classes[i] !== which || x - x !== 0) continue;
    n++;
    const deviation = x - mean;
    mean += deviation / n;
    spread += deviation * (x - mean);
  }
  return { n, mean, variance: spread / n };
}

/**
 * Fisher's criterion of each feature, |mean1 - mean0| / (variance1 + variance0), as in AMIGOS (Miranda-Correa et al.
 * 2021, doi:10.1109/TAFFC.2018.2884461, 5.2); of more than two classes the mean over their pairs. Compute it on training
 * examples alone: selected on test data, it leaks them.
 *
 * @param rows [N][F], NaN where masked
 * @param classes [N]
 * @returns [F]; 0 for a feature that is constant, or measured in fewer than two classes
 */
export function fisherScores(rows: readonly Float64Array[], classes: readonly number[]): Float64Array {
  const kinds = [...new Set(classes)].sort((a, b) => a - b);
  return Float64Array.from({ length: rows[0]?.length ?? 0 }, (_, f) => {
    const moments = kinds.map((k) => momentsOf(rows, classes, k, f)).filter(({ n }) => n > 0);
    let sum = 0;
    let pairs = 0;
    for (let a = 0; a < moments.length; a++)
      for (let b = a + 1; b < moments.length; b++) {
        const distance = Math.abs(moments[a].mean - moments[b].mean);
        sum += distance === 0 ? 0 : distance / (moments[a].variance + moments[b].variance);
        pairs++;
      }
    return pairs === 0 ? 0 : sum / pairs;
  });
}

/** Indices of the `count` highest scores, best first; of equal ones the earlier. */
export function bestFeatures(scores: Float64Array, count: number): number[] {
  return [...scores.keys()].sort((a, b) => scores[b] - scores[a] || a - b).slice(0, count);
}
