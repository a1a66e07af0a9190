import { ConfigurationError } from '../../../core/errors.js';
import type { ModelInputs } from '../../examples/dataset.js';
import type { Example } from '../../examples/example.js';
import type { ModelPlan } from '../evaluate-config.js';
import type { FoldEngine } from '../fold-engine.js';
import { choquetIntegral, type FuzzyMeasure, fitMeasure, importance } from '../fusion/choquet.js';
import type { FoldData, Trained } from './contestant.js';
import { decisionFusionSettings, solvedSettings } from './model-settings.js';
import { trainNetwork } from './network.js';
import { trainSolved } from './solved.js';
import { trainMean } from './train-mean.js';

/** What of a fusion is drawn, is drawn for every modality's classifier. */
const UNIMODAL = 'unimodal.settings.';

/** The plan of each modality's own classifier. */
export function unimodalPlans(plan: ModelPlan, inputs: ModelInputs): ModelPlan[] {
  const { unimodal } = decisionFusionSettings.parse(plan.settings);
  const draw = Object.entries(plan.search?.draw ?? {}).map(([path, bounds]) => [
    path.slice(UNIMODAL.length),
    bounds,
  ]);
  return (plan.modalities ?? [...inputs.keys()]).map((modality) => ({
    ...plan,
    ...unimodal,
    modalities: [modality],
    search: plan.search && { ...plan.search, draw: Object.fromEntries(draw) },
  }));
}

/** What is wrong with a plan of decision fusion beside its classifiers, one line each. */
export function decisionFusionProblems({ search }: ModelPlan): string[] {
  return Object.keys(search?.draw ?? {})
    .filter((path) => !path.startsWith(UNIMODAL))
    .map((path) => `draw.${path}: only what is in ${UNIMODAL.slice(0, -1)} can be drawn`);
}

/** One modality's classifier; null where the training part never has the modality. */
interface Member {
  readonly modality: string;
  /** Its place in frames. */
  readonly m: number;
  readonly trained: Trained | null;
}

/**
 * The fusion of decisions that ATAM is compared with: each modality's classifier, trained alone on the windows that have
 * the modality, and a rule over what they say. Modalities that a window lacks are left out; where it lacks all that was
 * trained on, the mean training label is told.
 */
export async function trainDecisionFusion(
  engine: FoldEngine,
  plan: ModelPlan,
  inputs: ModelInputs,
  data: FoldData,
  seed: number,
): Promise<Trained> {
  const { rule, measure_from, unimodal } = decisionFusionSettings.parse(plan.settings);
  const { heads, classes } = { heads: [], classes: [], ...unimodal.settings };
  const names = [...inputs.keys()];
  const members: Member[] = [];
  for (const own of unimodalPlans(plan, inputs)) {
    const [modality] = own.modalities!;
    const m = names.indexOf(modality);
    const has = ({ frame }: Example): boolean => frame[m].present;
    const part = { train: data.train.filter(has), validation: data.validation.filter(has), test: [] };
    const train = solvedSettings.has(own.type) ? trainSolved : trainNetwork;
    const trained = part.train.length > 1 ? await train(engine, own, inputs, part, seed) : null;
    members.push({ modality, m, trained });
  }
  const fallback = trainMean(data, heads, classes);
  const measures =
    rule === 'choquet' && classes.length > 0
      ? await fitMeasures(plan.name, members, data, measure_from, classes.length)
      : null;
  const shares = memberShares(members, measures);

  return {
    history: [],
    chosen: null,
    heads,
    classes,
    modalities: members.map(({ modality }) => modality),
    async predict(examples) {
      const said = await decisions(members, examples);
      const prior = await fallback.predict(examples);
      const out = {
        heads: prior.heads.slice(),
        classes: prior.classes.slice(),
        modalities: new Float32Array(examples.length * members.length),
        routing: new Float32Array(),
      };
      examples.forEach((_, i) => {
        const there = said.map((own) => own.present[i]);
        if (!there.includes(true)) return;
        const scores = (kind: 'heads' | 'classes', width: number, column: number): number[] =>
          said.map((own) => (own.present[i] ? own[kind][i * width + column] : Number.NaN));
        for (const h of heads.keys())
          out.heads[i * heads.length + h] = meanOfPresent(scores('heads', heads.length, h));
        const fused = classes.map((_, k) => fuse[rule](scores('classes', classes.length, k), measures?.[k]));
        out.classes.set(shared(fused), i * classes.length);
        const weights = shares.map((share, j) => (there[j] ? share : 0));
        const counts = weights.some((weight) => weight > 0) ? weights : there.map(Number);
        out.modalities.set(shared(counts), i * members.length);
      });
      return out;
    },
    async dispose() {
      for (const { trained } of members) await trained?.dispose();
    },
  };
}

const present = (scores: readonly number[]): number[] => scores.filter((score) => !Number.isNaN(score));

const meanOfPresent = (scores: readonly number[]): number => {
  const there = present(scores);
  return there.reduce((sum, score) => sum + score, 0) / there.length;
};

/** One class's scores, NaN = absent, as one. */
const fuse: Record<'max' | 'sum' | 'choquet', (scores: readonly number[], measure?: FuzzyMeasure) => number> =
  {
    max: (scores) => Math.max(...present(scores)),
    sum: meanOfPresent,
    choquet: (scores, measure) => choquetIntegral(measure!, scores),
  };

/** Shares of sum 1; alike where all are 0. */
function shared(values: readonly number[]): number[] {
  const sum = values.reduce((all, value) => all + value, 0);
  return values.map((value) => (sum > 0 ? value / sum : 1 / values.length));
}

/** What each member says of `examples`, and of which of them it can. */
async function decisions(members: readonly Member[], examples: readonly Example[]) {
  const said: { present: boolean[]; heads: Float32Array; classes: Float32Array }[] = [];
  for (const { m, trained } of members) {
    const there = examples.map(({ frame }) => trained !== null && frame[m].present);
    const { heads, classes } = trained
      ? await trained.predict(examples)
      : { heads: new Float32Array(), classes: new Float32Array() };
    said.push({ present: there, heads, classes });
  }
  return said;
}

/** A fuzzy measure for each class, by the windows that have every modality. */
async function fitMeasures(
  name: string,
  members: readonly Member[],
  data: FoldData,
  from: 'training' | 'validation',
  classes: number,
): Promise<FuzzyMeasure[]> {
  const complete = (from === 'training' ? data.train : data.validation).filter(
    ({ frame, label }) =>
      label.class !== null && members.every(({ m, trained }) => trained && frame[m].present),
  );
  if (complete.length === 0)
    throw new ConfigurationError(
      'evaluation-invalid',
      `model ${name}: no ${from} window has all of ${members.map(({ modality }) => modality).join(', ')}, which choquet needs; name fewer \`modalities\``,
    );
  const said = await decisions(members, complete);
  return Array.from({ length: classes }, (_, k) =>
    fitMeasure(
      complete.map((_, i) => said.map((own) => own.classes[i * classes + k])),
      complete.map(({ label }) => Number(label.class === k)),
    ),
  );
}

/** What each member counts for: alike, or by the Shapley values of the measures, mean over classes. */
function memberShares(members: readonly Member[], measures: readonly FuzzyMeasure[] | null): number[] {
  if (measures === null) return members.map(() => 1 / members.length);
  const all = measures.map(importance);
  return members.map((_, j) => all.reduce((sum, own) => sum + own[j], 0) / all.length);
}
