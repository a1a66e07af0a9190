import type { ModelFrame } from '../../core/model.js';
import { Random, type RandomState } from '../../core/random.js';
import { localDevice, type TrainingDevice } from '../../model/engines/differentiable.js';
import type { Tfjs } from '../../model/engines/tfjs-graph.js';
import { encodeFrames } from '../../model/frames.js';
import type { BoundModel, ParameterSpec } from '../../model/networks/definition.js';
import { initialParameters, type Parameters } from '../../model/networks/parameters.js';
import type { Example } from '../examples/example.js';
import { FrameLoader, loadedFrames } from '../examples/frame-loader.js';
import { Adam } from './adam.js';
import { correlationAdjacency } from './adjacency.js';
import { epochBatches, InputDropper, type Run, runsOf } from './batches.js';
import type { FitSettings } from './fit-settings.js';
import { MaxNorm } from './max-norm.js';
import { cosineRate, type Optimiser, type OptimiserState } from './optimiser.js';
import { predictExamples } from './predicting.js';
import { Sgd } from './sgd.js';
import { activeObjectives, type Terms, Trainer } from './trainer.js';
import { Validation } from './validation.js';

export interface Epoch {
  /** From 1. */
  readonly epoch: number;
  /** Weighted sum of the terms, mean over the epoch's batches. */
  readonly loss: number;
  /** Each objective before it is weighted, mean over the epoch's batches. */
  readonly terms: Terms;
  /** Loss on the examples held out for it, of `src/learn/fit/validation.ts`; lower is better. NaN where there are none. */
  readonly validation: number;
  /** Each objective on the examples that are only watched; null without them. */
  readonly watched: Terms | null;
}

export interface Fit {
  /** The model's own. */
  readonly parameters: Parameters;
  /** The epoch that they are from. */
  readonly best: Epoch;
  readonly history: readonly Epoch[];
}

export interface FitData {
  readonly train: readonly Example[];
  /** For early stopping and the choice of the epoch; may be empty. */
  readonly validation: readonly Example[];
  /** Losses are measured on these after each epoch, for figures; nothing is decided by them. */
  readonly watched?: readonly Example[];
}

/** Everything that training needs to go on from the end of an epoch as if it had never stopped. */
export interface FitState {
  readonly history: readonly Epoch[];
  readonly parameters: Parameters;
  readonly best: { readonly epoch: Epoch; readonly parameters: Parameters } | null;
  readonly optimiser: OptimiserState;
  readonly random: RandomState;
  readonly dropoutSeed: number;
}

export interface FitProgress {
  /** After each epoch; `epochs` is the most that there will be. */
  epoch?(epoch: Epoch, epochs: number): void;
  /** After each epoch: keep this, and `resume` goes on from it to the same weights. */
  checkpoint?(state: FitState): Promise<void>;
  readonly resume?: FitState | null;
}

const copyOf = (parameters: Parameters): Parameters =>
  new Map([...parameters].map(([name, values]) => [name, values.slice()]));

function createOptimiser(settings: FitSettings, sizes: readonly number[]): Optimiser {
  const { optimiser, weight_decay } = settings;
  return optimiser.kind === 'sgd'
    ? new Sgd(sizes, { momentum: optimiser.momentum, weight_decay })
    : new Adam(sizes, { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weight_decay });
}

function firstParameters(
  model: BoundModel,
  specs: readonly ParameterSpec[],
  train: readonly Example[],
  seed: number,
): Map<string, Float32Array> {
  const parameters = new Map(initialParameters(specs, seed));
  for (const { name, initialisation, of } of specs) {
    if (initialisation !== 'adjacency') continue;
    const m = model.inputs.findIndex((input) => input.name === of);
    parameters.set(name, correlationAdjacency(model.inputs[m], m, train));
  }
  return parameters;
}

/**
 * Trains a model and keeps the weights of the epoch that does best on `validation`, or the last.
 * The same settings and data give the same weights on the same machine, stopped in between or not. `tf` computes losses,
 * `device` the model.
 */
export async function fitModel(
  tf: Tfjs,
  model: BoundModel,
  { train, validation, watched = [] }: FitData,
  settings: FitSettings,
  progress: FitProgress = {},
  device: TrainingDevice = localDevice(tf),
): Promise<Fit> {
  const active = activeObjectives(settings.loss);
  const specs = [
    ...model.parameters,
    ...active.flatMap(({ objective, settings: own }) => objective.parameters(own, model)),
  ];
  const { resume = null } = progress;
  const random = new Random(settings.seed);
  if (resume) random.restore(resume.random);
  const parameters = resume
    ? new Map(copyOf(resume.parameters))
    : firstParameters(model, specs, train, settings.seed);
  const trainer = new Trainer(tf, model, active, parameters, random, specs, device.differentiable(model));
  const sizes = trainer.trained.map(({ length }) => length);
  const optimiser = new MaxNorm(
    createOptimiser(settings, sizes),
    specs.filter(({ trainable }) => trainable),
  );
  if (resume) {
    optimiser.restore(resume.optimiser);
    trainer.dropoutSeed = resume.dropoutSeed;
  }
  const dropper = new InputDropper(model, settings, random);
  const held = validation.length > 0 ? new Validation(model, validation, settings) : null;
  const validationOf = async (parameters: Parameters): Promise<number> => {
    if (!held) return Number.NaN;
    const executable = device.executable(model, parameters);
    const loss = await held.loss((examples) => predictExamples(model, executable, examples));
    await executable.dispose();
    return loss;
  };
  const loader = new FrameLoader(model, settings);
  const rowsOf = (batch: readonly Run[]): Example[] => batch.flat().map((row) => train[row]);
  const runs = runsOf(train, settings.sequence);
  const own = (all: Parameters): Parameters =>
    new Map(model.parameters.map(({ name }) => [name, all.get(name)!.slice()]));
  const history = [...(resume?.history ?? [])];
  let best = resume?.best ?? null;

  const finished = (): boolean => {
    const { patience_epochs: patience, epochs } = settings;
    if (history.length >= epochs) return true;
    return patience !== null && best !== null && history.length - best.epoch.epoch >= patience;
  };
  while (!finished()) {
    const index = history.length;
    const batches = epochBatches(runs, settings.batch_size, random.uniform);
    const steps = batches.length * settings.epochs;
    let sum = 0;
    const sums: Record<string, number> = {};
    const first = index * batches.length;
    const framesOf = (step: number): Promise<ModelFrame[]> | null => {
      const loading = batches[step] ? loader.frames(rowsOf(batches[step]), first + step) : null;
      // Whoever awaits it meets the failure; until then nobody does.
      loading?.catch(() => {});
      return loading;
    };
    let ahead = framesOf(0);
    for (const [step, batch] of batches.entries()) {
      const frames = await ahead!;
      ahead = framesOf(step + 1);
      const { loss, terms, gradients } = trainer.step(dropper.batch(inRuns(frames, batch)), rowsOf(batch));
      sum += loss;
      for (const [name, value] of Object.entries(terms)) sums[name] = (sums[name] ?? 0) + value;
      const at = first + step;
      const rate =
        settings.schedule === 'constant'
          ? settings.learning_rate
          : cosineRate(at, steps, settings.learning_rate, settings.warmup_epochs * batches.length);
      optimiser.update(trainer.trained, gradients, rate);
    }
    const done: Epoch = {
      epoch: index + 1,
      loss: sum / batches.length,
      terms: Object.fromEntries(Object.entries(sums).map(([name, s]) => [name, s / batches.length])),
      validation: await validationOf(own(parameters)),
      watched: watched.length > 0 ? await measure(trainer, model, watched, settings) : null,
    };
    history.push(done);
    const better = settings.keep === 'last' || !best || !(done.validation >= best.epoch.validation);
    if (better) best = { epoch: done, parameters: own(parameters) };
    await progress.checkpoint?.({
      history,
      parameters,
      best,
      optimiser: optimiser.snapshot(),
      random: random.state,
      dropoutSeed: trainer.dropoutSeed,
    });
    progress.epoch?.(done, settings.epochs);
  }
  return { parameters: best!.parameters, best: best!.epoch, history };
}

/** Mean of each objective over `examples`, in the same batches whenever it is asked. */
async function measure(
  trainer: Trainer,
  model: BoundModel,
  examples: readonly Example[],
  { batch_size, seed }: FitSettings,
): Promise<Terms> {
  const indices = examples.map((_, i) => [i]);
  const batches = epochBatches(indices, batch_size, new Random(seed, 'watched').uniform);
  const sums: Record<string, number> = {};
  for (const batch of batches) {
    const rows = batch.flat().map((i) => examples[i]);
    const encoded = encodeFrames(model.inputs, await loadedFrames(rows));
    for (const [name, value] of Object.entries(trainer.measure(encoded, rows)))
      sums[name] = (sums[name] ?? 0) + value / batches.length;
  }
  return sums;
}

/** `frames` of a batch, run by run. */
function inRuns(frames: readonly ModelFrame[], batch: readonly Run[]): ModelFrame[][] {
  let from = 0;
  return batch.map(({ length }) => {
    from += length;
    return frames.slice(from - length, from);
  });
}
