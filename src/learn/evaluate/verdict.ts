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
  people: z.int().nonnegative().describe('Of how many the figure is.'),
  reason: z.string().nullable().describe('Why it is not passed; null where it is.'),
});
/** One condition of the rule. */
export type Condition = z.infer<typeof conditionSchema>;

/** The conditions of one model (or of a part of its modalities) together. */
const showing = {
  conditions: z.array(conditionSchema),
  p: z
    .number()
    .nullable()
    .describe(
      'The largest of the conditions’, twice that of a bound, which is held at .025: the model has shown something where all of them hold.',
    ),
  corrected: z.number().nullable().describe('`p` by Holm, over everything that was scored on these data.'),
};

/** What one model may say of one of its outputs, on one split of one evaluation. Part of report.json. */
export const verdictSchema = z.strictObject({
  model: z.string().describe('Its name in the report.'),
  output: z.enum([...ratedDimensions, 'class']),
  split: z.int().nonnegative().describe('Place in the report’s `splits`.'),
  rule: z.enum(rules),
  validated: z.boolean().describe('Whether all conditions are passed, and `corrected` is below .05.'),
  reason: z.string().nullable().describe('The first thing that is lacking; null where it is validated.'),
  ...showing,
  modalities: z
    .array(z.array(z.string()))
    .describe('Sets of modalities that passed alone, the others masked; the whole set among them, or none.'),
  sets: z
    .array(z.strictObject({ modalities: z.array(z.string()), passed: z.boolean(), ...showing }))
    .describe('Of every smaller set that was tried, which is done where the whole set passed.'),
  scored: z.int().nonnegative().describe('How many models and outputs Holm counts, those of the ledger too.'),
});
export type Verdict = z.infer<typeof verdictSchema>;
