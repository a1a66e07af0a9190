import { ConfigurationError } from '../../../core/errors.js';
import { encodeFrames } from '../../../model/frames.js';
import type { BoundModel } from '../../../model/networks/definition.js';
import type { ModelInputs } from '../../examples/dataset.js';
import type { Example } from '../../examples/example.js';
import { loadedFrames } from '../../examples/frame-loader.js';
import { applyRidge } from '../../fit/ridge.js';
import { Validation } from '../../fit/validation.js';
import type { ModelPlan } from '../evaluate-config.js';
import type { FoldEngine } from '../fold-engine.js';
import { softmaxRows } from '../outputs.js';
import type { FoldData, Trained } from './contestant.js';
import type { LinearProblem } from './linear-problem.js';
import { linearSvmProblem } from './linear-svm.js';
import { logisticProblem } from './logistic.js';
import { LINEAR_SVM, LOGISTIC, RIDGE } from './model-settings.js';
import { untrainedNetwork } from './network.js';
import { penaltyGrid } from './penalty-grid.js';
import { ridgeProblem } from './ridge.js';

/** By `type`, the problem that a plan's settings pose. */
const problems: ReadonlyMap<string, (settings: ModelPlan['settings']) => LinearProblem> = new Map([
  [LINEAR_SVM, linearSvmProblem],
  [LOGISTIC, logisticProblem],
  [RIDGE, ridgeProblem],
]);

const problemOf = ({ type, settings }: ModelPlan): LinearProblem => problems.get(type)!(settings);

/** The linear layer whose weights are solved for. */
export function solvedNetwork(plan: ModelPlan): ModelPlan {
  const { heads, classes } = problemOf(plan);
  return { ...plan, type: 'concatenation', settings: { heads, classes }, search: null };
}

/**
 * Solves a linear contestant on all features side by side, standardised on the training part; what is missing is 0, with
 * the masks beside it, as networks get it. It learns from the training part alone, as they do, and what is held out of that
 * part chooses the penalty where the evaluation searches. Nothing is drawn: the same data give the same weights.
 */
export async function trainSolved(
  _engine: FoldEngine,
  plan: ModelPlan,
  inputs: ModelInputs,
  data: FoldData,
  _seed: number,
): Promise<Trained> {
  const problem = problemOf(plan);
  const { heads, classes } = problem;
  const { model, shaped } = untrainedNetwork(solvedNetwork(plan), inputs, data.train);
  const train = shaped(data.train);
  const { rows } = await sideBySide(model, train);
  const { search } = plan;
  const held =
    search &&
    new Validation(
      problem,
      shaped(search.choose_on === 'test' ? data.test : data.validation),
      // The same absences whatever the seed: there's nothing to draw.
      { seed: 0, validation_missing: plan.validation_missing },
    );
  let best: { layer: Layer; penalty: number; loss: number } | null = null;
  for (const penalty of search ? penaltyGrid(search.configurations) : [problem.penalty]) {
    const weights = problem.solve(rows, train, penalty);
    if (weights === null)
      throw new ConfigurationError(
        'evaluation-invalid',
        `model ${plan.name}: no training window has ${classes.length > 0 ? 'a class' : `a rating of ${heads.join(', ')}`}`,
      );
    const layer = new Layer(weights, heads.length);
    const loss = held
      ? await held.loss(async (examples) => layer.outputs((await sideBySide(model, examples)).rows))
      : Number.NaN;
    if (best === null || loss < best.loss) best = { layer, penalty, loss };
  }
  const { layer, penalty } = best!;
  return {
    history: [],
    chosen: { configuration: search && `penalty ${penalty}`, epoch: null },
    heads,
    classes,
    modalities: model.inputs.map(({ name }) => name),
    async predict(examples) {
      const asked = await sideBySide(model, shaped(examples));
      const told = layer.outputs(asked.rows);
      return {
        heads: told.heads.map((value) => Math.max(-1, Math.min(1, value))),
        classes: softmaxRows(told.classes, classes.length),
        modalities: asked.shares,
        routing: new Float32Array(),
      };
    },
    async dispose() {},
  };
}

/** Solved weights. */
class Layer {
  constructor(
    private readonly weights: readonly Float64Array[],
    private readonly heads: number,
  ) {}

  /** Values and logits (or decisions) of each row. */
  outputs(rows: readonly Float32Array[]): { heads: Float32Array; classes: Float32Array } {
    const all = rows.map((row) => this.weights.map((own) => applyRidge(own, row)));
    return {
      heads: Float32Array.from(all.flatMap((row) => row.slice(0, this.heads))),
      classes: Float32Array.from(all.flatMap((row) => row.slice(this.heads))),
    };
  }
}

/** Features side by side, [n][F], and the modalities that are there, each with as much weight, [n, M]. */
async function sideBySide(
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
