import { ConfigurationError } from '../../../core/errors.js';
import type { ModelFrame } from '../../../core/model.js';
import { Random } from '../../../core/random.js';
import { TfjsExecutable } from '../../../model/engines/tfjs-executable.js';
import { type BoundModel, bindModel, type InputSpec } from '../../../model/networks/definition.js';
import { modelDefinitions } from '../../../model/networks/definitions.js';
import type { ModelInputs } from '../../examples/dataset.js';
import { type Example, withFrame } from '../../examples/example.js';
import { selectedFrame, selectedInputs, selectFeatures } from '../../examples/feature-selection.js';
import { withHistory } from '../../examples/history.js';
import { standardisedInputs } from '../../examples/standardise.js';
import { type Fit, fitModel } from '../../fit/fit.js';
import { predictExamples } from '../../fit/predicting.js';
import { objectiveProblems } from '../../fit/trainer.js';
import type { ModelPlan } from '../evaluate-config.js';
import type { FoldEngine } from '../fold-engine.js';
import { softmaxRows } from '../outputs.js';
import { drawnValues, withValues } from '../random-search.js';
import type { FoldData, Trained } from './contestant.js';

/** Losses whose course on training and test data is worth a figure (as in ATAM, Fig. 2a (training on SEED)). */
const WATCHED = ['mutual_information', 'cosine'] as const;

/** Trains a model of the registry on one fold, everything that is learnt from data being learnt from its training part. */
export async function trainNetwork(
  { tf, device, epoch }: FoldEngine,
  plan: ModelPlan,
  inputs: ModelInputs,
  data: FoldData,
  seed: number,
): Promise<Trained> {
  const shape = inputShaper(plan, inputs, data.train);
  const prepared = {
    train: shape.examples(data.train).filter((example) => isWithinRange(example, plan)),
    validation: shape.examples(data.validation),
    test: shape.examples(data.test),
  };
  if (prepared.train.length === 0)
    throw new ConfigurationError(
      'evaluation-invalid',
      `model ${plan.name}: no training label lies within ± ${plan.label_range}; widen label_range`,
    );
  const specs = inputSpecs(plan, shape.inputs, prepared.train);
  const watches = WATCHED.some((name) => (plan.fit!.loss[name]?.weight ?? 0) > 0);
  let best: { model: BoundModel; fit: Fit; drawn: string | null } | null = null;
  for (const { settings, drawn } of configurations(plan, seed)) {
    const model = bound(plan, settings, specs);
    const chosenOnTest = plan.search?.choose_on === 'test';
    const fit = await fitModel(
      tf,
      model,
      {
        train: prepared.train,
        validation: chosenOnTest ? prepared.test : prepared.validation,
        watched: watches ? prepared.test : [],
      },
      { ...plan.fit!, seed },
      { epoch },
      device,
    );
    if (best === null || fit.best.validation < best.fit.best.validation) best = { model, fit, drawn };
  }
  const { model, fit, drawn } = best!;
  const executable =
    device?.executable(model, fit.parameters) ?? new TfjsExecutable(tf, model, fit.parameters);
  return {
    history: fit.history,
    chosen: { configuration: drawn, epoch: fit.best.epoch },
    heads: model.heads,
    classes: model.classes,
    modalities: model.inputs.map(({ name }) => name),
    async predict(examples) {
      const shaped = shape.examples(examples);
      const { heads, classes, weights, routing } = await predictExamples(model, executable, shaped);
      return {
        heads: heads.map((value) => Math.max(-1, Math.min(1, value))),
        classes: softmaxRows(classes, model.classes.length),
        modalities: weights,
        routing,
      };
    },
    dispose: () => executable.dispose(),
  };
}

/** The model with its inputs standardised on `train` and no weights, and examples as it takes them. */
export function untrainedNetwork(
  plan: ModelPlan,
  inputs: ModelInputs,
  train: readonly Example[],
): { readonly model: BoundModel; shaped(examples: readonly Example[]): readonly Example[] } {
  const shape = inputShaper(plan, inputs, train);
  const model = bound(plan, plan.settings, inputSpecs(plan, shape.inputs, shape.examples(train)));
  return { model, shaped: shape.examples };
}

/** What is wrong between a model's plan and the data, one line each. */
export function networkProblems(plan: ModelPlan, inputs: ModelInputs, classes: readonly string[]): string[] {
  const known = [...inputs.keys()];
  const unknown = (plan.modalities ?? []).filter((name) => !known.includes(name));
  if (unknown.length > 0) return [`modalities: ${unknown.join(', ')}: the data have ${known.join(', ')}`];
  const own = new Map([...inputs].filter(([name]) => plan.modalities?.includes(name) ?? true));
  const raw = [...own].flatMap(([name, { kind }]) => (kind === 'features' ? [] : [name]));
  if (plan.history && raw.length > 0)
    return [`history: it is of features; ${raw.join(', ')} come as signals or images`];
  const specs = inputSpecs(plan, plan.history ? withHistory(own, [], plan.history).inputs : own, []);
  const definition = modelDefinitions.get(plan.type)!;
  const settings = definition.settings.parse(plan.settings);
  const problems = definition.problems(settings, specs);
  if (problems.length > 0) return problems;
  const model = bindModel(definition, settings, specs);
  if (model.classes.length > 0 && model.classes.join('\n') !== classes.join('\n'))
    problems.push(`settings.classes: the data's are ${classes.join(', ') || 'none'}, in this order`);
  if (plan.fit) problems.push(...objectiveProblems(model, plan.fit.loss));
  return problems;
}

interface Configuration {
  readonly settings: Readonly<Record<string, unknown>>;
  /** What was drawn, by path; null: nothing. */
  readonly drawn: string | null;
}

function configurations({ settings, search }: ModelPlan, seed: number): Configuration[] {
  if (!search) return [{ settings, drawn: null }];
  const { uniform } = new Random(seed);
  return Array.from({ length: search.configurations }, () => {
    const drawn = drawnValues(search.draw, uniform);
    return {
      settings: withValues(settings, drawn),
      drawn: [...drawn].map(([path, value]) => `${path} ${value}`).join(', '),
    };
  });
}

function bound(
  { name, type }: ModelPlan,
  settings: Readonly<Record<string, unknown>>,
  specs: readonly InputSpec[],
): BoundModel {
  const definition = modelDefinitions.get(type)!;
  const parsed = definition.settings.parse(settings);
  const [problem] = definition.problems(parsed, specs);
  if (problem) throw new ConfigurationError('evaluation-invalid', `model ${name}: ${problem}`);
  return bindModel(definition, parsed, specs);
}

function inputSpecs(plan: ModelPlan, inputs: ModelInputs, train: readonly Example[]): InputSpec[] {
  return standardisedInputs(inputs, train, plan.clip_sd, plan.with_mask);
}

/** The modalities and features that a model takes, with how much history, and examples made so. */
function inputShaper(
  { modalities, select, history }: ModelPlan,
  inputs: ModelInputs,
  train: readonly Example[],
): { readonly inputs: ModelInputs; examples(examples: readonly Example[]): readonly Example[] } {
  const names = [...inputs.keys()];
  const kept = names.flatMap((name, m) => ((modalities?.includes(name) ?? true) ? [m] : []));
  const own = new Map(kept.map((m) => [names[m], inputs.get(names[m])!]));
  const only = (frame: ModelFrame): ModelFrame => kept.map((m) => frame[m]);
  const reframed = (examples: readonly Example[], reframe: (frame: ModelFrame) => ModelFrame): Example[] =>
    examples.map((example) => withFrame(example, () => reframe(example.frame)));
  const selection = select ? selectFeatures(own, reframed(train, only), select.features, select.by) : null;
  const chosen = selection ? selectedInputs(own, selection) : own;
  const cut = (examples: readonly Example[]): Example[] =>
    reframed(examples, (frame) => (selection ? selectedFrame(only(frame), own, selection) : only(frame)));
  if (!history) return { inputs: chosen, examples: cut };
  return {
    inputs: withHistory(chosen, [], history).inputs,
    examples: (examples) => withHistory(chosen, cut(examples), history).examples,
  };
}

/** Whether the labels that a model learns lie within its range. */
function isWithinRange({ label }: Example, { label_range, type, settings }: ModelPlan): boolean {
  if (label_range === null) return true;
  const definition = modelDefinitions.get(type)!;
  const { heads, ranking } = definition.outputs(definition.settings.parse(settings));
  return [...heads, ...ranking].every((dimension) => Math.abs(label.targets[dimension] ?? 0) <= label_range);
}
