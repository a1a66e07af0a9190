import type { Clock } from '../../core/clock.js';
import type { TrainingEngineChoice } from '../../model/engines/training-engine.js';
import type { ModelInputs } from '../examples/dataset.js';
import { duration } from '../examples/duration.js';
import type { ExampleSet } from '../examples/example-set.js';
import type { SplitOutcomes } from './assemble.js';
import { blindOutcome } from './blind/blind-outcome.js';
import { blindContestants, blindNames } from './blind/contestants.js';
import type { WindowFacts } from './blind/window-facts.js';
import type { LoadedEvaluateConfig, ModelPlan } from './evaluate-config.js';
import { FoldCache, foldsFolder } from './fold-cache.js';
import type { FoldEngine } from './fold-engine.js';
import { runFolds } from './fold-pool.js';
import type { EvaluationData, FoldOutcome, FoldTask } from './fold-task.js';
import { modalitySets } from './rule/modality-sets.js';

export interface FoldSource {
  readonly data: EvaluationData;
  /** Of each window of `data`. */
  readonly facts: readonly WindowFacts[];
  readonly digest: string;
  readonly shared: ExampleSet['shared'];
  /** Undefined: WebAssembly, in every thread. */
  readonly loadEngine?: () => Promise<FoldEngine>;
}

export interface RunOptions {
  /** Folder of the report; finished folds are kept in it. */
  readonly out: string;
  readonly version: string;
  readonly engine?: TrainingEngineChoice;
  readonly workers: number;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly progress?: (line: string) => void;
}

/** Modalities that a model looks at, in the data's order. */
export function modalitiesOf({ modalities }: ModelPlan, inputs: ModelInputs): string[] {
  return [...inputs.keys()].filter((name) => modalities?.includes(name) ?? true);
}

/** Trains and tests every model on every fold, and what sees no signal beside them. Finished folds are kept on disk. */
export async function runSplits(
  { config, models }: LoadedEvaluateConfig,
  splits: readonly Pick<SplitOutcomes, 'settings' | 'split' | 'inner'>[],
  source: FoldSource,
  options: RunOptions,
): Promise<SplitOutcomes[]> {
  const { data, facts } = source;
  const { seeds, sweeps } = config;
  const tasks: FoldTask[] = [];
  const planned = splits.map((split) =>
    models.map((learner) => {
      // What is solved is the same for every seed.
      const drawn = learner.fit !== null || sweeps.missing !== undefined;
      const own = { learner, alone: split.inner ? modalitySets(modalitiesOf(learner, data.inputs)) : [] };
      const bySeed = (drawn ? seeds : seeds.slice(0, 1)).map((seed) => ({
        outer: split.split.folds.map((fold) => tasks.push({ ...own, seed, fold, sweeps }) - 1),
        inner:
          split.inner?.map((folds) =>
            folds.map((fold) => tasks.push({ ...own, seed, fold, sweeps: {} }) - 1),
          ) ?? null,
      }));
      return seeds.map((_, s) => bySeed[Math.min(s, bySeed.length - 1)]);
    }),
  );
  const found = await runTasks(tasks, source, options);
  return splits.map((split, place) => ({
    ...split,
    learners: [
      ...models.map(({ name }, m) => ({
        name,
        group: 'model' as const,
        outcomes: planned[place][m].map(({ outer }) => outer.map((task) => found[task])),
        inner:
          split.inner &&
          planned[place][m].map(({ inner }) => inner!.map((folds) => folds.map((task) => found[task]))),
      })),
      ...blindNames.map((name) => {
        const outcomes = split.split.folds.map((fold) => blindOutcome(name, data, facts, fold));
        return {
          name,
          group: blindContestants[name].group,
          outcomes: seeds.map(() => outcomes),
          inner: null,
        };
      }),
    ],
  }));
}

async function runTasks(
  tasks: readonly FoldTask[],
  { data, digest, shared, loadEngine }: FoldSource,
  { out, version, engine, workers, clock, signal, progress = () => {} }: RunOptions,
): Promise<FoldOutcome[]> {
  const cache = new FoldCache(foldsFolder(out), {
    data: digest,
    // Engines differ in the last digits.
    version: [version, engine ?? ''].join(' ').trim(),
  });
  const found: (FoldOutcome | null)[] = [];
  for (const task of tasks) found.push(await cache.find(task));
  const missing = tasks.flatMap((_, i) => (found[i] ? [] : [i]));
  if (missing.length < tasks.length)
    progress(`${tasks.length - missing.length} of ${tasks.length} folds are there from an earlier run`);
  const began = clock.now();
  let finished = 0;
  await runFolds(
    data,
    shared,
    missing.map((i) => tasks[i]),
    {
      workers,
      ...(loadEngine && { loadEngine }),
      signal,
      done: async (index, outcome) => {
        const task = tasks[missing[index]];
        await cache.keep(task, outcome);
        found[missing[index]] = outcome;
        finished++;
        const left = ((clock.now() - began) / finished) * (missing.length - finished);
        progress(
          `fold ${finished} of ${missing.length} done (${task.learner.name}, seed ${task.seed}, ${task.fold.name}); about ${duration(left)} left`,
        );
      },
    },
  );
  signal.throwIfAborted();
  return found as FoldOutcome[];
}
