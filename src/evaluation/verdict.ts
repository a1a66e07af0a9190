import { z } from 'zod';
import { ratedDimensions } from '../datasets/dataset.js';

/** What a model must show, each by itself (docs/explanation/evaluations.md, "When a model may say validated"). */
export const conditionNames = [
  'held-out',
  'local-auc',
  'within-trials',
  'own-labels',
  'beyond-clock',
  'beyond-drift',
] as const;
export type ConditionName = (typeof conditionNames)[number];

/** Which of its conditions apply goes by the labels: they change within a file, they are the file, or they are values. */
export const rules = ['class', 'file-class', 'dimension'] as const;

const conditionSchema = z.strictObject({
  name: z.enum(conditionNames),
  passed: z.boolean(),
  figure: z
    .number()
    .nullable()
    .describe('What was found, mean over people; of `held-out` how many people; null: it does not exist.'),
  bound: z
    .number()
    .nullable()
    .describe('2.5th percentile of the figure over bootstrap draws of people; null: none is asked for.'),
  p: z.number().nullable().describe('One-sided; null: there is nothing to test.'),
  corrected: z.number().nullable().describe('By Holm, over everything that was scored on these data.'),
  people: z.int().nonnegative().describe('Of how many the figure is.'),
  reason: z.string().nullable().describe('Why it is not passed; null where it is.'),
});
/** One condition of the rule. */
export type Condition = z.infer<typeof conditionSchema>;

/** What one model may say of one of its outputs, by one rule, on one split of one evaluation. Part of report.json. */
export const verdictSchema = z.strictObject({
  model: z.string().describe('Its name in the report.'),
  output: z.enum([...ratedDimensions, 'class']),
  split: z.int().nonnegative().describe('Place in the report’s `splits`.'),
  rule: z.enum(rules),
  validated: z.boolean().describe('Whether all conditions are passed.'),
  reason: z
    .string()
    .nullable()
    .describe('The first condition that is not, and why; null where it is validated.'),
  conditions: z.array(conditionSchema),
  modalities: z
    .array(z.array(z.string()))
    .describe('Sets of modalities that passed alone, the others masked; the whole set among them, or none.'),
  sets: z
    .array(z.strictObject({ modalities: z.array(z.string()), conditions: z.array(conditionSchema) }))
    .describe('Of every smaller set that was tried, which is done where the whole set passed.'),
  scored: z.int().nonnegative().describe('How many models and outputs Holm counts, those of the ledger too.'),
});
export type Verdict = z.infer<typeof verdictSchema>;
