import { Random } from '../../core/random.js';
import { type Example, withFrame } from '../examples/example.js';
import { onlyModalities, withoutModalities } from '../examples/missing.js';
import type { FoldData, Trained } from './contestants/contestant.js';
import { trainModel } from './contestants/model.js';
import type { ModelPlan } from './evaluate-config.js';
import type { FoldEngine } from './fold-engine.js';
import type {
  AsynchronyCondition,
  Condition,
  EvaluationData,
  FoldOutcome,
  FoldTask,
  MissingCondition,
} from './fold-task.js';
import { shifted } from './missing/asynchrony.js';
import { withoutInBursts } from './missing/bursts.js';
import { missingShare } from './missing/missing-share.js';
import { consecutiveRuns } from './missing/sequences.js';
import { unitOf } from './splits/unit.js';

/**
 * Trains on a fold's training part and predicts its test part, as it is and under each condition of the sweeps.
 * The same task on the same data gives the same outcome, on whichever thread.
 *
 * @param loadEngine called where a network is to be trained
 */
export async function runFold(
  loadEngine: () => Promise<FoldEngine>,
  data: EvaluationData,
  task: FoldTask,
): Promise<FoldOutcome> {
  const { fold, learner, seed, sweeps, alone } = task;
  const part = (indices: readonly number[]): Example[] => indices.map((i) => data.examples[i]);
  const folded: FoldData = {
    train: part(fold.train),
    validation: part(fold.validation),
    test: part(fold.test),
  };
  const learn = async (plan: ModelPlan): Promise<Trained> =>
    trainModel(await loadEngine(), plan, data.inputs, folded, seed);
  const trained = await learn(learner);
  const outputs = await trained.predict(folded.test);
  const outcome: FoldOutcome = {
    heads: trained.heads,
    classes: trained.classes,
    modalities: trained.modalities,
    history: trained.history,
    chosen: trained.chosen,
    outputs,
    missing: sweeps.missing
      ? await missingSweep(learner, sweeps.missing, folded, data, seed, trained, learn)
      : [],
    asynchrony: sweeps.asynchrony ? await asynchronySweep(sweeps.asynchrony, folded, data, trained) : [],
    alone: await aloneOutputs(alone, folded, data, trained),
  };
  await trained.dispose();
  return outcome;
}

function runsOf(test: readonly Example[], { hop_s }: EvaluationData): number[][] {
  return consecutiveRuns(
    test.map((example) => ({ sequence: unitOf.trial(example), start: example.window[0] })),
    hop_s,
  );
}

async function missingSweep(
  plan: ModelPlan,
  sweep: NonNullable<FoldTask['sweeps']['missing']>,
  { test }: FoldData,
  data: EvaluationData,
  seed: number,
  trained: Trained,
  learn: (plan: ModelPlan) => Promise<Trained>,
): Promise<Condition<MissingCondition>[]> {
  const runs = runsOf(test, data);
  const found: Condition<MissingCondition>[] = [];
  for (const rate of sweep.rates) {
    const anew = sweep.train === 'each-rate' && rate > 0;
    const fit = plan.fit && { ...plan.fit, dropout: { ...plan.fit.dropout, modality: rate } };
    const own = anew ? await learn({ ...plan, fit }) : trained;
    for (const kind of ['single', 'bursts'] as const) {
      // The same absences for every model.
      const { uniform } = new Random(seed, `${Math.round(rate * 100)} % missing`);
      const thinned =
        kind === 'single'
          ? withoutModalities(test, rate, uniform)
          : withoutInBursts(test, runs, rate, sweep.burst_windows, uniform);
      const { heads, classes } = await own.predict(thinned);
      found.push({
        condition: { kind, rate, share: missingShare(test, thinned) },
        outputs: { heads, classes },
      });
    }
    if (anew) await own.dispose();
  }
  return found;
}

async function aloneOutputs(
  sets: FoldTask['alone'],
  { test }: FoldData,
  { inputs }: EvaluationData,
  trained: Trained,
): Promise<FoldOutcome['alone']> {
  const names = [...inputs.keys()];
  const found: FoldOutcome['alone'][number][] = [];
  for (const modalities of sets) {
    const kept = modalities.map((name) => names.indexOf(name));
    const masked = test.map((example) => withFrame(example, () => onlyModalities(example.frame, kept)));
    const { heads, classes } = await trained.predict(masked);
    found.push({ modalities, outputs: { heads, classes } });
  }
  return found;
}

async function asynchronySweep(
  { shifts_s }: NonNullable<FoldTask['sweeps']['asynchrony']>,
  { test }: FoldData,
  data: EvaluationData,
  trained: Trained,
): Promise<Condition<AsynchronyCondition>[]> {
  const runs = runsOf(test, data);
  const names = [...data.inputs.keys()];
  const hops = [...new Set(shifts_s.map((shift) => Math.round(shift / data.hop_s)))];
  const found: Condition<AsynchronyCondition>[] = [];
  for (const modality of trained.modalities)
    for (const hop of hops) {
      const moved = shifted(test, runs, names.indexOf(modality), hop);
      const { heads, classes } = await trained.predict(moved);
      found.push({ condition: { modality, shift_s: hop * data.hop_s }, outputs: { heads, classes } });
    }
  return found;
}
