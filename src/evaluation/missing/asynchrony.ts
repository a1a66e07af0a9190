import type { ModalityFrame, ModelFrame } from '../../core/model.js';

const absent = (frame: ModalityFrame): ModalityFrame => ({ ...frame, present: false });

/**
 * One modality out of step with the others by whole hops: window i has what it measured `hops` windows later (earlier,
 * where negative). Where that lies outside its run it is absent.
 *
 * @param runs consecutive windows (`consecutiveRuns`)
 */
export function shifted(
  frames: readonly ModelFrame[],
  runs: readonly (readonly number[])[],
  modality: number,
  hops: number,
): ModelFrame[] {
  const out = [...frames];
  if (hops === 0) return out;
  for (const run of runs)
    run.forEach((i, place) => {
      const from = run[place + hops];
      out[i] = frames[i].map((frame, m) => {
        if (m !== modality) return frame;
        return from === undefined ? absent(frame) : frames[from][m];
      });
    });
  return out;
}
