import { ConfigurationError } from '../../core/errors.js';
import type { BoundModel } from '../../models/definition.js';
import { encodeFrames } from '../../models/frames.js';
import type { ModelInputs } from '../../training/dataset.js';
import type { Example } from '../../training/example.js';
import { loadedFrames } from '../../training/frame-loader.js';
import { linearSvm } from '../../training/linear-svm.js';
import { applyRidge } from '../../training/ridge.js';
import type { ModelPlan } from '../evaluate-config.js';
import type { FoldEngine } from '../fold-engine.js';
import { softmaxRows } from '../outputs.js';
import type { FoldData, Trained } from './contestant.js';
import { LINEAR_SVM, linearSvmSettings } from './model-settings.js';
import { untrainedNetwork } from './network.js';

/** The linear layer whose weights it solves for. */
export function linearSvmNetwork(plan: ModelPlan): ModelPlan {
  const { classes } = linearSvmSettings.parse(plan.settings);
  return { ...plan, type: 'concatenation', settings: { classes }, search: null };
}

/** What is wrong with its plan, one line each. */
export function linearSvmProblems({ search }: ModelPlan): string[] {
  return search === null ? [] : [`search: ${LINEAR_SVM} has nothing that is drawn`];
}

/**
 * A linear support vector machine on all features side by side, one class against the rest, as scikit-learn's
 * `LinearSVC`. Nothing stops it early, so that it also learns from what is held out for that. It has no probabilities:
 * what it gives as such is the softmax of its decisions, whose greatest is its answer.
 */
export async function trainLinearSvm(
  _engine: FoldEngine,
  plan: ModelPlan,
  inputs: ModelInputs,
  data: FoldData,
  _seed: number,
): Promise<Trained> {
  const { classes, c } = linearSvmSettings.parse(plan.settings);
  const labelled = [...data.train, ...data.validation].filter(({ label }) => label.class !== null);
  if (labelled.length === 0)
    throw new ConfigurationError('evaluation-invalid', `model ${plan.name}: no training window has a class`);
  const { model, shaped } = untrainedNetwork(linearSvmNetwork(plan), inputs, labelled);
  const { rows } = await encoded(model, shaped(labelled));
  const weights = classes.map((_, k) =>
    linearSvm(
      rows,
      labelled.map(({ label }) => (label.class === k ? 1 : -1)),
      c,
    ),
  );
  return {
    history: [],
    heads: [],
    classes,
    modalities: model.inputs.map(({ name }) => name),
    async predict(examples) {
      const told = await encoded(model, shaped(examples));
      const decisions = told.rows.flatMap((row) => weights.map((own) => applyRidge(own, row)));
      return {
        heads: new Float32Array(),
        classes: softmaxRows(Float32Array.from(decisions), classes.length),
        modalities: told.shares,
        routing: new Float32Array(),
      };
    },
    async dispose() {},
  };
}

/** Features side by side, [n][F], and the modalities that are there, each with as much weight, [n, M]. */
async function encoded(
  model: BoundModel,
  examples: readonly Example[],
): Promise<{ rows: Float32Array[]; shares: Float32Array }> {
  const { inputs, presence } = encodeFrames(model.inputs, await loadedFrames(examples));
  const parts = [...inputs.values()];
  const width = (part: Float32Array): number => part.length / examples.length;
  const rows = examples.map((_, i) => {
    const row = new Float32Array(parts.reduce((sum, part) => sum + width(part), 0));
    let at = 0;
    for (const part of parts) {
      row.set(part.subarray(i * width(part), (i + 1) * width(part)), at);
      at += width(part);
    }
    return row;
  });
  const modalities = parts.length;
  const shares = presence.map((there, at) => {
    const from = at - (at % modalities);
    return (
      there /
      Math.max(
        1,
        presence.subarray(from, from + modalities).reduce((sum, own) => sum + own),
      )
    );
  });
  return { rows, shares };
}
