import type { Recipe } from '../../model/evidence/recipe.js';
import type { Pipeline } from '../../pipeline/file/pipeline.js';
import { servedRecipe } from '../../pipeline/file/served-recipe.js';
import type { ExampleSettings } from '../examples/example-set.js';
import { onlyModel } from '../examples/only-model.js';
import type { FitSettings } from './fit-settings.js';

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
