import { type ModelFrame, without } from '../../core/model.js';
import type { Random } from '../../core/random.js';
import { shuffled } from '../../core/shuffled.js';
import { encodeFrames, type ModelBatch } from '../../model/frames.js';
import type { BoundModel } from '../../model/networks/definition.js';
import { type Example, sameTrial } from '../examples/example.js';
import { burstAbsences, channelGroups, dropChannels, singleAbsences } from '../examples/missing.js';
import type { FitSettings } from './fit-settings.js';

/** Consecutive windows of a trial, as indices of examples; single ones where no sequences are asked for. */
export type Run = readonly number[];

/** Cuts examples into the runs that stay together; in order of time within each. */
export function runsOf(examples: readonly Example[], sequence: FitSettings['sequence']): Run[] {
  if (!sequence) return examples.map((_, i) => [i]);
  const runs: number[][] = [];
  examples.forEach((example, i) => {
    const run = runs.at(-1);
    const previous = run && examples[run[run.length - 1]];
    const goes_on = previous && sameTrial(previous, example) && previous.window[0] < example.window[0];
    if (run && goes_on && run.length < sequence.length) run.push(i);
    else runs.push([i]);
  });
  return runs;
}

/** One epoch's batches: runs in an order drawn with `uniform`, until each batch holds `size` windows; a rest too small is left out. */
export function epochBatches(runs: readonly Run[], size: number, uniform: () => number): Run[][] {
  const batches: Run[][] = [];
  let batch: Run[] = [];
  let windows = 0;
  for (const run of shuffled(runs, uniform)) {
    batch.push(run);
    windows += run.length;
    if (windows < size) continue;
    batches.push(batch);
    [batch, windows] = [[], 0];
  }
  if (windows >= Math.max(2, size / 2) || batches.length === 0) batches.push(batch);
  return batches;
}

/** Draws what training takes from its examples: modalities, alone or in bursts, channels, and a little noise. */
export class InputDropper {
  readonly #groups;

  constructor(
    private readonly model: BoundModel,
    private readonly settings: Pick<FitSettings, 'dropout' | 'sequence'>,
    private readonly random: Random,
  ) {
    this.#groups = model.inputs.map(channelGroups);
  }

  /** The frames of each run as the model takes them, with inputs dropped. */
  batch(runs: readonly (readonly ModelFrame[])[]): ModelBatch {
    const { dropout, sequence } = this.settings;
    const { uniform, gaussian } = this.random;
    const frames = runs.flatMap((own) => {
      const presence = own.map((frame) => frame.map(({ present }) => present));
      const gone = sequence
        ? burstAbsences(presence, dropout.modality, sequence.burst_windows, uniform)
        : singleAbsences(presence, dropout.modality, uniform);
      return own.map((frame, i) => without(frame, gone[i]));
    });
    const batch = encodeFrames(this.model.inputs, frames);
    if (dropout.channel === 0 && dropout.noise_sd === 0) return batch;
    for (let row = 0; row < batch.size; row++)
      dropChannels(this.model.inputs, this.#groups, batch, row, dropout, uniform, gaussian);
    return batch;
  }
}
