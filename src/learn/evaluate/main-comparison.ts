import { z } from 'zod';
import { ratedDimensions } from '../datasets/dataset.js';
import { metricNames, metricsOf } from './scores.js';

const name = z.string().min(1);

/** What an evaluation was made to find out: the one comparison that is written down before anything is computed. */
export const mainComparison = z.strictObject({
  model: name.describe('The model that something is asked of; the others are compared with it.'),
  against: name.describe('The one that it is measured against.'),
  quantity: z
    .union([z.literal('class'), z.literal('overall'), z.enum(ratedDimensions)])
    .describe('`overall`: mean over the dimensions.'),
  metric: z.enum(metricNames),
  level: z.enum(['trial', 'window']),
  split: z.int().min(1).default(1).describe('Which of `splits`, from 1.'),
  lost: z
    .enum(['single', 'bursts'])
    .optional()
    .describe(
      'Compares what each loses of the metric from the first missing rate of the sweep to the last, instead of the metric itself.',
    ),
});
export type MainComparison = z.infer<typeof mainComparison>;

/**
 * What is wrong with a main comparison, with the mend; null: nothing.
 *
 * @param models of the evaluation, each with what sets it apart from the rest
 */
export function mainProblem(
  main: MainComparison | undefined,
  models: readonly { readonly name: string; readonly exception: unknown }[],
  {
    splits,
    levels,
    sweeps,
  }: {
    readonly splits: readonly unknown[];
    readonly levels?: readonly string[] | undefined;
    readonly sweeps: { readonly missing?: unknown };
  },
): string | null {
  const names = models.map((model) => model.name);
  if (!main)
    return models.length < 2
      ? null
      : `main: missing; with several models, write down before the first run which two are compared and by what: main: { model: ${names[0]}, against: ${names[1]}, quantity: class, metric: auc, level: window }`;
  for (const role of ['model', 'against'] as const) {
    const found = models.find((model) => model.name === main[role]);
    if (!found) return `main.${role}: ${main[role]} is not one of ${names.join(', ')}`;
    if (found.exception)
      return `main.${role}: ${main[role]} is an exception; compare two that had the same opportunities`;
  }
  if (main.model === main.against) return `main.against: ${main.against} is the model itself`;
  const known = metricsOf(main.quantity === 'class' ? 'class' : 'dimension');
  if (!known.includes(main.metric))
    return `main.metric: ${main.quantity} has no ${main.metric}; it has ${known.join(', ')}`;
  if (levels && !levels.includes(main.level)) return `main.level: ${main.level} is not in \`levels\``;
  if (main.split > splits.length) return `main.split: there are ${splits.length} splits`;
  if (main.lost && !sweeps.missing) return 'main.lost: there is no sweep; give `sweeps.missing`';
  return null;
}
