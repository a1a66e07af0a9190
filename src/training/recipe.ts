import type { Recipe } from '../models/evidence/recipe.js';
import type { Pipeline } from '../topology/pipeline.js';
import { servedRecipe } from '../topology/served-recipe.js';
import type { ExampleSettings } from './example-set.js';
import type { FitSettings } from './fit-settings.js';
import { onlyModel } from './only-model.js';

/** What a recipe is made of, as a training or an evaluation configuration has it. */
export interface RecipeParts {
  readonly pipeline: Pipeline | null;
  readonly data: ExampleSettings;
  readonly model: Recipe['model'];
  readonly fit: FitSettings;
}

/** What `affectd train` does not vary. */
export const trainedAlone = {
  modalities: null,
  select: null,
  history: null,
  with_mask: true,
  label_range: null,
} as const;

/** The recipe of a model, the same for whoever trains and whoever evaluates it. Plain data. */
export function recipeOf({ pipeline, data, model, fit }: RecipeParts): Recipe {
  const { path: _, ...dataset } = data.dataset;
  const { seed: __, ...rest } = fit;
  const recipe: Recipe = {
    served: pipeline && servedRecipe(pipeline, onlyModel(pipeline)),
    examples: { dataset, people: data.people ?? null, step_s: data.step_s, labels: data.labels },
    model,
    fit: rest,
  };
  // As it is read back: without what is undefined.
  return JSON.parse(JSON.stringify(recipe)) as Recipe;
}
