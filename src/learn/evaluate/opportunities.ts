import { modelDefinitions } from '../../model/networks/definitions.js';
import type { ModelInputs } from '../examples/dataset.js';
import { validationMetric } from '../fit/validation.js';
import { quantile } from '../metrics/cluster-bootstrap.js';
import type { SplitOutcomes } from './assemble.js';
import { networksOf } from './contestants/model.js';
import { LINEAR_SVM } from './contestants/model-settings.js';
import type { EvaluateConfig, ModelPlan } from './evaluate-config.js';

/** What a model of an evaluation was given to do its best with: the same for all but the exceptions. */
export interface Opportunities {
  /** Windows at once. */
  readonly history: number;
  readonly configurations: number;
  /** What was chosen, such as `epoch`, on windows held out of the training part; empty: nothing. */
  readonly chosen: readonly string[];
  /** What that was chosen by, lower being better; null where nothing was. */
  readonly chosen_by: string | null;
  /** Why it got something other than the rest; null: it didn't. */
  readonly exception: string | null;
}

export function opportunitiesOf(
  plan: ModelPlan,
  inputs: ModelInputs,
  { validation }: Pick<EvaluateConfig, 'validation'>,
): Opportunities {
  const { history, search, fit, exception } = plan;
  const chosen = [
    ...(search ? [fit === null ? 'penalty' : 'configuration'] : []),
    ...(fit?.keep === 'best' && (validation === 'held-out' || search?.choose_on === 'test') ? ['epoch'] : []),
  ];
  const [{ type, settings }] = networksOf(plan, inputs);
  const definition = modelDefinitions.get(type)!;
  const told = definition.outputs(definition.settings.parse(settings));
  return {
    history: history ?? 1,
    configurations: search?.configurations ?? 1,
    chosen,
    chosen_by: chosen.length > 0 ? validationMetric({ ...told, decisions: plan.type === LINEAR_SVM }) : null,
    exception: exception?.reason ?? null,
  };
}

/** What the held-out part chose for one model, over folds and seeds. */
export interface Choices {
  readonly model: string;
  /** Configurations, the most frequent first; empty where there was one. */
  readonly configurations: readonly { readonly configuration: string; readonly folds: number }[];
  /** Of the epochs that were kept; null where there are none. */
  readonly epochs: { readonly least: number; readonly median: number; readonly most: number } | null;
}

/** Models for which nothing was chosen are left out. */
export function choicesOf({ learners }: SplitOutcomes): Choices[] {
  return learners.flatMap(({ name, outcomes }) => {
    const all = outcomes.flat().flatMap(({ chosen }) => chosen ?? []);
    const counts = new Map<string, number>();
    for (const { configuration } of all)
      if (configuration !== null) counts.set(configuration, (counts.get(configuration) ?? 0) + 1);
    const epochs = Float64Array.from(all.flatMap(({ epoch }) => epoch ?? [])).sort();
    if (counts.size + epochs.length === 0) return [];
    return {
      model: name,
      configurations: [...counts]
        .map(([configuration, folds]) => ({ configuration, folds }))
        .sort((a, b) => b.folds - a.folds),
      epochs:
        epochs.length > 0
          ? { least: epochs[0], median: quantile(epochs, 0.5), most: epochs[epochs.length - 1] }
          : null,
    };
  });
}
