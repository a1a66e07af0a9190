/** What one person was given. */
export interface ScoredWindows {
  /** [n] */
  readonly scores: ArrayLike<number>;
  /** [n] */
  readonly positive: readonly boolean[];
}

/**
 * Area under the curve of all windows of whichever people are drawn, some of them several times: what `areaUnderRoc` gives for these windows, to
 * the bit, while all are put in order only once. NaN where a class is absent.
 *
 * @returns the area by places in `people`
 */
export function pooledAuc(people: readonly ScoredWindows[]): (drawn: readonly number[]) => number {
  const windows = people
    .flatMap(({ scores, positive }, person) =>
      positive.map((isPositive, i) => ({ score: scores[i], person, isPositive })),
    )
    .sort((a, b) => a.score - b.score);
  const person = Int32Array.from(windows, (window) => window.person);
  const positive = Uint8Array.from(windows, ({ isPositive }) => Number(isPositive));
  /** Where the next higher score begins. */
  const ends: number[] = [];
  for (const [i, { score }] of windows.entries())
    if (i + 1 === windows.length || windows[i + 1].score !== score) ends.push(i + 1);
  const times = new Float64Array(people.length);
  return (drawn) => {
    times.fill(0);
    for (const p of drawn) times[p]++;
    let [positives, negatives, above] = [0, 0, 0];
    for (let e = 0, i = 0; e < ends.length; e++) {
      let [equal, below] = [0, 0];
      for (; i < ends[e]; i++)
        if (positive[i]) equal += times[person[i]];
        else below += times[person[i]];
      above += equal * (negatives + below / 2);
      positives += equal;
      negatives += below;
    }
    return positives === 0 || negatives === 0 ? Number.NaN : above / (positives * negatives);
  };
}
