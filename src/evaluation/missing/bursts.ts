import type { ModelFrame } from '../../core/model.js';
import { burstAbsences, without } from '../../training/missing.js';

/**
 * Takes modalities away for several windows on end, as a loose electrode or a face out of sight does; one of those that
 * a window had always stays.
 *
 * @param runs consecutive windows (`consecutiveRuns`); nothing carries over from one run to the next
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
  for (const run of runs) {
    const presence = run.map((i) => frames[i].map(({ present }) => present));
    burstAbsences(presence, rate, length, uniform).forEach((gone, place) => {
      thinned[run[place]] = without(frames[run[place]], gone);
    });
  }
  return thinned;
}
