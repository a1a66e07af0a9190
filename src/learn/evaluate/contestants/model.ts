import type { ModelInputs } from '../../examples/dataset.js';
import type { ModelPlan } from '../evaluate-config.js';
import type { FoldEngine } from '../fold-engine.js';
import type { FoldData, Trained } from './contestant.js';
import { decisionFusionProblems, trainDecisionFusion, unimodalPlans } from './decision-fusion.js';
import { DECISION_FUSION, solvedSettings } from './model-settings.js';
import { networkProblems, trainNetwork } from './network.js';
import { solvedNetwork, trainSolved } from './solved.js';

interface Contestant {
  /** The networks that it consists of, each with a plan of its own. */
  readonly networks: (plan: ModelPlan, inputs: ModelInputs) => ModelPlan[];
  /** What is wrong with its plan beside its networks, one line each. */
  readonly problems: (plan: ModelPlan) => string[];
  readonly train: typeof trainNetwork;
}

const network: Contestant = { networks: (plan) => [plan], problems: () => [], train: trainNetwork };
const solved: Contestant = {
  networks: (plan) => [solvedNetwork(plan)],
  problems: () => [],
  train: trainSolved,
};

/** Those `type`s that only evaluations have. */
const contestants: ReadonlyMap<string, Contestant> = new Map<string, Contestant>([
  [
    DECISION_FUSION,
    {
      networks: (plan, inputs) => unimodalPlans(plan, inputs).flatMap((own) => networksOf(own, inputs)),
      problems: decisionFusionProblems,
      train: trainDecisionFusion,
    },
  ],
  ...[...solvedSettings.keys()].map((type) => [type, solved] as const),
]);

const contestantOf = ({ type }: ModelPlan): Contestant => contestants.get(type) ?? network;

/** The networks that a model consists of, each with a plan of its own. */
export function networksOf(plan: ModelPlan, inputs: ModelInputs): ModelPlan[] {
  return contestantOf(plan).networks(plan, inputs);
}

/** Trains what a plan describes on one fold, everything that is learnt from data being learnt from its training part. */
export function trainModel(
  engine: FoldEngine,
  plan: ModelPlan,
  inputs: ModelInputs,
  data: FoldData,
  seed: number,
): Promise<Trained> {
  return contestantOf(plan).train(engine, plan, inputs, data, seed);
}

/** What is wrong between a model's plan and the data, one line each. */
export function modelProblems(plan: ModelPlan, inputs: ModelInputs, classes: readonly string[]): string[] {
  return [
    ...contestantOf(plan).problems(plan),
    ...networksOf(plan, inputs).flatMap((own) => networkProblems(own, inputs, classes)),
  ];
}
