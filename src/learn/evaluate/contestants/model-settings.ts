import { z } from 'zod';
import { concatenationSettings } from '../../../model/networks/concatenation.js';
import { modelDefinitions } from '../../../model/networks/definitions.js';
import { prnetSettings } from '../../../model/networks/prnet.js';
import { ratedDimensions } from '../../datasets/dataset.js';

/** `type`s that only evaluations have: their weights are solved for, which takes all windows at once. */
export const LINEAR_SVM = 'linear-svm';
export const LOGISTIC = 'logistic';
export const RIDGE = 'ridge';

const classes = z.array(z.string().min(1)).min(2).describe('Classes that it tells apart, in order.');
const penalty = z
  .number()
  .positive()
  .default(1)
  .describe(
    'Of the squared weights, beside the loss summed over windows. Where the evaluation searches, a grid takes its place.',
  );

export const linearSvmSettings = z.strictObject({
  classes,
  c: z
    .number()
    .positive()
    .default(1)
    .describe(
      'What a window within the margin costs: the C of LIBLINEAR. Where the evaluation searches, a grid takes its place.',
    ),
});

export const logisticSettings = z.strictObject({ classes, penalty });

export const ridgeSettings = z.strictObject({
  heads: z.array(z.enum(ratedDimensions)).min(1).describe('Dimensions that it tells, in order.'),
  penalty,
});

/** Settings of every kind that is solved. */
export const solvedSettings: ReadonlyMap<string, z.ZodType> = new Map<string, z.ZodType>([
  [LINEAR_SVM, linearSvmSettings],
  [LOGISTIC, logisticSettings],
  [RIDGE, ridgeSettings],
]);

/** A `type` that only evaluations have: several classifiers and a rule, which nothing serves. */
export const DECISION_FUSION = 'decision-fusion';

export const decisionFusionSettings = z.strictObject({
  rule: z
    .enum(['max', 'sum', 'choquet'])
    .describe(
      'Of class probabilities: the greatest, the mean, or the Choquet integral under a fuzzy measure of each class. Dimensions are averaged.',
    ),
  measure_from: z
    .enum(['training', 'validation'])
    .default('training')
    .describe(
      'What the fuzzy measures are fitted to: what the classifiers say of the windows that they learnt from, or of those held out of them.',
    ),
  unimodal: z
    .discriminatedUnion('type', [
      z.strictObject({ type: z.literal(LOGISTIC), settings: logisticSettings }),
      z.strictObject({ type: z.literal(RIDGE), settings: ridgeSettings }),
      z.strictObject({ type: z.literal('concatenation'), settings: concatenationSettings }),
      z.strictObject({ type: z.literal('prnet'), settings: prnetSettings }),
    ])
    .describe("Every modality's own classifier."),
});

/** Settings of every `type` that a model of an evaluation may have. */
export const modelSettingsSchemas: ReadonlyMap<string, z.ZodType> = new Map<string, z.ZodType>([
  ...[...modelDefinitions].map(([type, { settings }]) => [type, settings] as const),
  [DECISION_FUSION, decisionFusionSettings],
  ...solvedSettings,
]);

/** Whether all of a model's weights are solved for, none fitted by steps. `settings` need not be valid. */
export function isSolved(type: string, settings: Readonly<Record<string, unknown>>): boolean {
  if (type !== DECISION_FUSION) return solvedSettings.has(type);
  const parsed = decisionFusionSettings.safeParse(settings);
  return parsed.success && solvedSettings.has(parsed.data.unimodal.type);
}
