/**
 * Windows averaged to trials, for labels that hold for a whole trial: counted by window, a long trial would weigh more
 * and a person's 40 ratings would pass for thousands.
 *
 * @param values [n][width] of windows, such as predictions or class probabilities
 * @param trials [n] the trial of each window
 * @returns [trials][width], in order of first appearance, and a window of each trial
 */
export function trialMeans(
  values: readonly ArrayLike<number>[],
  trials: readonly string[],
): { means: Float64Array[]; first: number[] } {
  const found = new Map<string, { sum: Float64Array; count: number; first: number }>();
  trials.forEach((trial, i) => {
    let own = found.get(trial);
    if (!own) {
      own = { sum: new Float64Array(values[i].length), count: 0, first: i };
      found.set(trial, own);
    }
    for (let c = 0; c < own.sum.length; c++) own.sum[c] += values[i][c];
    own.count++;
  });
  const all = [...found.values()];
  return {
    means: all.map(({ sum, count }) => sum.map((value) => value / count)),
    first: all.map(({ first }) => first),
  };
}
