import { z } from 'zod';
import { concatenationSettings } from '../../models/concatenation.js';
import { modelDefinitions } from '../../models/definitions.js';
import { prnetSettings } from '../../models/prnet.js';

/** A `type` that only evaluations have: several networks and a rule, which nothing serves. */
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
      z.strictObject({ type: z.literal('concatenation'), settings: concatenationSettings }),
      z.strictObject({ type: z.literal('prnet'), settings: prnetSettings }),
    ])
    .describe("Every modality's own classifier."),
});

/** A `type` that only evaluations have: its weights are solved for, which takes all windows at once. */
export const LINEAR_SVM = 'linear-svm';

export const linearSvmSettings = z.strictObject({
  classes: z.array(z.string().min(1)).min(2).describe('Classes that it tells apart, in order.'),
  c: z.number().positive().default(1).describe('What a window within the margin costs: the C of LIBLINEAR.'),
});

/** Settings of every `type` that a model of an evaluation may have. */
export const modelSettingsSchemas: ReadonlyMap<string, z.ZodType> = new Map<string, z.ZodType>([
  ...[...modelDefinitions].map(([type, { settings }]) => [type, settings] as const),
  [DECISION_FUSION, decisionFusionSettings],
  [LINEAR_SVM, linearSvmSettings],
]);
