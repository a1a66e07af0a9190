import { without } from '../../../core/model.js';
import { type Example, withFrame } from '../../examples/example.js';
import { burstAbsences, presenceOf } from '../../examples/missing.js';

/**
 * Takes modalities away for several windows on end, as a loose electrode or a face out of sight does; one of those that
 * a window had always stays.
 *
 * @param runs consecutive windows (`consecutiveRuns`); nothing carries over from one run to the next
 * @param length mean length of a burst, windows, at least 1
 */
export function withoutInBursts(
  examples: readonly Example[],
  runs: readonly (readonly number[])[],
  rate: number,
  length: number,
  uniform: () => number,
): Example[] {
  const thinned = [...examples];
  if (rate === 0) return thinned;
  for (const run of runs) {
    const presence = run.map((i) => presenceOf(examples[i]));
    burstAbsences(presence, rate, length, uniform).forEach((gone, place) => {
      const example = examples[run[place]];
      thinned[run[place]] = withFrame(example, () => without(example.frame, gone));
    });
  }
  return thinned;
}
