import type { ModelInputs } from '../../training/dataset.js';
import type { ModelPlan } from '../evaluate-config.js';
import type { FoldEngine } from '../fold-engine.js';
import type { FoldData, Trained } from './contestant.js';
import { decisionFusionProblems, trainDecisionFusion, unimodalPlans } from './decision-fusion.js';
import { DECISION_FUSION } from './model-settings.js';
import { networkProblems, trainNetwork } from './network.js';

/** The networks that a model consists of, each with a plan of its own. */
export function networksOf(plan: ModelPlan, inputs: ModelInputs): ModelPlan[] {
  return plan.type === DECISION_FUSION ? unimodalPlans(plan, inputs) : [plan];
}

/** Trains what a plan describes on one fold, everything that is learnt from data being learnt from its training part. */
export function trainModel(
  engine: FoldEngine,
  plan: ModelPlan,
  inputs: ModelInputs,
  data: FoldData,
  seed: number,
): Promise<Trained> {
  const train = plan.type === DECISION_FUSION ? trainDecisionFusion : trainNetwork;
  return train(engine, plan, inputs, data, seed);
}

/** What is wrong between a model's plan and the data, one line each. */
export function modelProblems(plan: ModelPlan, inputs: ModelInputs, classes: readonly string[]): string[] {
  const own = plan.type === DECISION_FUSION ? decisionFusionProblems(plan) : [];
  return [
    ...own,
    ...networksOf(plan, inputs).flatMap((network) => networkProblems(network, inputs, classes)),
  ];
}
