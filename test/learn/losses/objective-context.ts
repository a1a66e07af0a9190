import type * as tfjs from '@tensorflow/tfjs';
import { Random } from '../../../src/core/random.js';
import type { Label } from '../../../src/learn/datasets/dataset.js';
import type { Example } from '../../../src/learn/examples/example.js';
import { labelTensors } from '../../../src/learn/fit/trainer.js';
import type { ObjectiveContext } from '../../../src/learn/losses/objective.js';
import type { Tfjs } from '../../../src/model/engines/tfjs-graph.js';
import type { BoundModel, ModelValues } from '../../../src/model/networks/definition.js';
import { anExample } from '../fit/an-example.js';

interface Given {
  readonly values: Partial<ModelValues<tfjs.Tensor>>;
  readonly labels: readonly Partial<Label>[];
  readonly inputs?: ReadonlyMap<string, tfjs.Tensor>;
  readonly origins?: readonly Partial<Example>[];
  readonly model?: Partial<BoundModel>;
  readonly parameters?: ReadonlyMap<string, tfjs.Tensor>;
  readonly remember?: (name: string, value: tfjs.Tensor) => void;
}

/** What an objective is given, of which a test says what matters to it. */
export function objectiveContext(tf: Tfjs, given: Given): ObjectiveContext {
  const model = {
    heads: [],
    classes: ['a', 'b', 'c'],
    ranking: [],
    inputs: [],
    parameters: [],
    ...given.model,
  } as unknown as BoundModel;
  const examples = given.labels.map((label, i) =>
    anExample({ ...given.origins?.[i], label: { targets: {}, class: null, ...label } }),
  );
  return {
    tf,
    model,
    values: given.values as ModelValues<tfjs.Tensor>,
    batch: { ...labelTensors(tf, model, examples), inputs: given.inputs ?? new Map() },
    parameter: (name) => given.parameters!.get(name)!,
    remember: given.remember ?? (() => {}),
    uniform: new Random(1).uniform,
  };
}
