import type { Recipe } from '../../model/evidence/recipe.js';
import { modelDefinitions } from '../../model/networks/definitions.js';
import type { Pipeline } from '../../pipeline/file/pipeline.js';
import type { ExampleSettings } from '../examples/example-set.js';
import { recipeOf } from '../fit/recipe.js';
import type { ModelPlan } from './evaluate-config.js';

/** What tells a model of an evaluation from others, whatever it is called: for what has no {@link modelRecipe}. Plain data. */
export function planRecipe(plan: ModelPlan, data: ExampleSettings, pipeline: Pipeline | null): unknown {
  const { name: _, of: __, ...own } = plan;
  const { path: ___, ...dataset } = data.dataset;
  return { plan: own, data: { ...data, dataset }, pipeline: pipeline?.digest ?? null };
}

/** The recipe of an evaluated model; null of what `affectd train` does not make, or what a search draws fold by fold. */
export function modelRecipe(
  plan: ModelPlan,
  data: ExampleSettings,
  pipeline: Pipeline | null,
): Recipe | null {
  const definition = modelDefinitions.get(plan.type);
  if (!definition || plan.fit === null || plan.search !== null) return null;
  const { type, modalities, select, history, clip_sd, with_mask, label_range } = plan;
  return recipeOf({
    pipeline,
    data,
    model: {
      type,
      settings: definition.settings.parse(plan.settings),
      modalities: modalities && [...modalities],
      select,
      history,
      clip_sd,
      with_mask,
      label_range,
    },
    fit: plan.fit,
  });
}
