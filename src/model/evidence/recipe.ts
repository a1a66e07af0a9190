import { z } from 'zod';

/**
 * How a model comes of a data set: everything that decides what it would tell a new person but the weights' first draw.
 * `affectd train` and `affectd evaluate` make it of their configurations by the same function, so that a report speaks of
 * a model only where both have the same.
 */
export const recipeSchema = z.strictObject({
  /** The pipeline up to the model ({@link ServedRecipe}); null: none serves it. */
  served: z.unknown(),
  examples: z.strictObject({
    dataset: z.record(z.string(), z.unknown()).describe('Kind and settings but for the path.'),
    people: z.array(z.string()).nullable(),
    step_s: z.number(),
    labels: z.unknown(),
  }),
  model: z.strictObject({
    type: z.string(),
    settings: z.unknown().describe('With the classes in their order.'),
    modalities: z.array(z.string()).nullable(),
    select: z.unknown(),
    history: z.int().nullable(),
    clip_sd: z.number().nullable(),
    with_mask: z.boolean(),
    label_range: z.number().nullable(),
  }),
  fit: z.unknown().describe('Without the seed.'),
});
export type Recipe = z.infer<typeof recipeSchema>;

/** The file that a manifest links. */
export const recipeFileSchema = z.strictObject({
  recipe: recipeSchema,
  seed: z.int().describe('What the model itself was drawn with; the report has it among others.'),
});
export type RecipeFile = z.infer<typeof recipeFileSchema>;
