/** Number, mean and sum of squared deviations of each feature over the examples of one class; masked (NaN) values are left out. */
class ClassMoments {
  readonly n: Float64Array;
  readonly mean: Float64Array;
  readonly squares: Float64Array;

  constructor(features: number) {
    this.n = new Float64Array(features);
    this.mean = new Float64Array(features);
    this.squares = new Float64Array(features);
  }

  add(row: Float64Array): void {
    for (let f = 0; f < row.length; f++) {
      const x = row[f];
      if (x - x !== 0) continue;
      const deviation = x - this.mean[f];
      this.mean[f] += deviation / ++this.n[f];
      this.squares[f] += deviation * (x - this.mean[f]);
    }
  }
}

/**
 * Fisher's criterion of each feature, |mean1 - mean0| / (variance1 + variance0), as in AMIGOS (Miranda-Correa et al.
 * 2021, doi:10.1109/TAFFC.2018.2884461, 5.2); of more than two classes the mean over their pairs. Compute it on training
 * examples alone: selected on test data, it leaks them.
 *
 * @param rows [N][F], NaN where masked; gone through once
 * @param classes [N]
 * @returns [F]; 0 for a feature that is constant, or measured in fewer than two classes
 */
export function fisherScores(rows: Iterable<Float64Array>, classes: readonly number[]): Float64Array {
  const kinds = new Map<number, ClassMoments>();
  let [features, i] = [0, 0];
  for (const row of rows) {
    features = row.length;
    const kind = classes[i++];
    const own = kinds.get(kind) ?? new ClassMoments(features);
    own.add(row);
    kinds.set(kind, own);
  }
  const ordered = [...kinds].sort(([a], [b]) => a - b).map(([, own]) => own);
  return Float64Array.from({ length: features }, (_, f) => {
    const moments = ordered
      .filter(({ n }) => n[f] > 0)
      .map(({ n, mean, squares }) => ({ mean: mean[f], variance: squares[f] / n[f] }));
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
