import { chooseTrainingEngine, type TrainingEngineChoice } from '../../model/engines/training-engine.js';
import type { ExampleSet } from '../examples/example-set.js';
import { engineProblems } from '../fit/engine-problems.js';
import { networksOf } from './contestants/model.js';
import { untrainedNetwork } from './contestants/network.js';
import { invalid, type ModelPlan } from './evaluate-config.js';
import type { FoldEngine } from './fold-engine.js';

export interface FoldEngineOptions {
  readonly engine?: TrainingEngineChoice;
  readonly progress?: (line: string) => void;
}

/**
 * The one engine that trains all folds, where one was asked for or the data are images; else undefined: every thread has
 * our own kernels. Throws `ConfigurationError` for models that it can't train, before any image is read.
 */
export async function chooseFoldEngine(
  path: string,
  models: readonly ModelPlan[],
  { dataset, inputs }: Pick<ExampleSet, 'dataset' | 'inputs'>,
  { engine: asked, progress = () => {} }: FoldEngineOptions,
): Promise<FoldEngine | undefined> {
  const { hasImages = false } = dataset;
  if (!hasImages && (asked ?? 'wasm') === 'wasm') return undefined;
  const { tf, device, name, detail } = await chooseTrainingEngine(asked);
  for (const plan of hasImages ? models : [])
    for (const network of networksOf(plan, inputs)) {
      const { model } = untrainedNetwork(network, inputs, []);
      const [problem] = engineProblems(name, model, plan.fit?.batch_size ?? 1);
      if (problem) throw invalid(path, `model ${plan.name}: ${problem}`);
    }
  progress(`training with ${name}${detail ? ` on ${detail}` : ''}`);
  return {
    tf,
    device,
    epoch: ({ epoch, loss }, epochs) => progress(`epoch ${epoch} of ${epochs}: loss ${loss.toFixed(4)}`),
  };
}
