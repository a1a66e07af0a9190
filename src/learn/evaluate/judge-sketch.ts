import type { LoadedEvaluateConfig } from './evaluate-config.js';
import { dataDigest } from './fold-cache.js';
import type { EvaluationData } from './fold-task.js';
import { type JudgedSplits, judgeSplits } from './judge-splits.js';
import type { RunOptions } from './run-splits.js';
import { makeSplit } from './splits/split.js';

/** What the rule says of a solved model on a sketch, through all that `affectd evaluate` does once it has its windows. */
export async function judgeSketch(
  loaded: LoadedEvaluateConfig,
  name: string,
  data: EvaluationData,
  options: RunOptions,
): Promise<JudgedSplits> {
  const { splits, validation, validation_share, split_seed } = loaded.config;
  const share = validation === 'none' ? 0 : validation_share;
  return judgeSplits(
    loaded,
    splits.map((settings) => ({
      settings,
      split: makeSplit(settings, data.examples, share, split_seed),
    })),
    {
      data,
      digest: dataDigest(data),
      shared: null,
      name,
      // They stand for people here: it is the rule that is tried.
      simulated: false,
      recipes: loaded.models.map(({ name }) => name),
      ledgerOn: () => [],
    },
    options,
  );
}
