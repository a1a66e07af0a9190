import type { ModelFrame } from '../../core/model.js';

/**
 * Takes modalities away for several windows on end, as a loose electrode or a face out of sight does. Each modality comes
 * and goes by itself, a Markov chain with share `rate` of windows away and bursts of `length` windows on average; one
 * of those that a window had always stays.
 *
 * @param runs consecutive windows (`consecutiveRuns`); nothing carries over from one run to the next
 * @param rate below length / (length + 1)
 * @param length mean length of a burst, windows, at least 1
 */
export function withoutInBursts(
  frames: readonly ModelFrame[],
  runs: readonly (readonly number[])[],
  rate: number,
  length: number,
  uniform: () => number,
): ModelFrame[] {
  const thinned = [...frames];
  if (rate === 0) return thinned;
  const ends = 1 / length;
  const begins = (rate * ends) / (1 - rate);
  for (const run of runs) {
    let away = frames[run[0]].map(() => uniform() < rate);
    let keeper = -1;
    for (const [place, i] of run.entries()) {
      if (place > 0) away = away.map((is) => (is ? uniform() >= ends : uniform() < begins));
      const present = frames[i].flatMap((frame, m) => (frame.present ? [m] : []));
      if (present.length > 0 && present.every((m) => away[m])) {
        // The same modality stays for as long as all others are away.
        if (!present.includes(keeper)) keeper = present[Math.floor(uniform() * present.length)];
      } else keeper = -1;
      thinned[i] = frames[i].map((frame, m) =>
        away[m] && m !== keeper && frame.present ? { ...frame, present: false } : frame,
      );
    }
  }
  return thinned;
}
