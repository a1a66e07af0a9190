import type { ModalityFrame } from '../../../core/model.js';
import { type Example, withFrame } from '../../examples/example.js';

const absent = (frame: ModalityFrame): ModalityFrame => ({ ...frame, present: false });

/**
 * One modality out of step with the others by whole hops: window i has what it measured `hops` windows later (earlier,
 * where negative). Where that lies outside its run it is absent.
 *
 * @param runs consecutive windows (`consecutiveRuns`)
 */
export function shifted(
  examples: readonly Example[],
  runs: readonly (readonly number[])[],
  modality: number,
  hops: number,
): Example[] {
  const out = [...examples];
  if (hops === 0) return out;
  for (const run of runs)
    run.forEach((i, place) => {
      const from = run[place + hops];
      out[i] = withFrame(examples[i], () =>
        examples[i].frame.map((frame, m) => {
          if (m !== modality) return frame;
          return from === undefined ? absent(frame) : examples[from].frame[m];
        }),
      );
    });
  return out;
}
