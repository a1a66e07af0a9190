import { z } from 'zod';
import {
  type InputSpec,
  inputShape,
  type ModelDefinition,
  type ModelValues,
  windowProblems,
} from './definition.js';
import type { Graph } from './graph.js';
import {
  linearOutputs,
  outputParameters,
  outputProblems,
  outputSettings,
  outputsOf,
  outputValues,
} from './output-layers.js';
import { ParameterList } from './parameter-list.js';

export const prnetSettings = z.strictObject({
  hidden: z
    .array(z.int().positive())
    .min(1)
    .default([128, 128])
    .describe('Fully connected layers; 128 and 128 in the paper.'),
  dropout: z.number().min(0).max(0.9).default(0),
  ...outputSettings,
});
export type PrnetSettings = z.infer<typeof prnetSettings>;

function forward<T>(g: Graph<T>, s: PrnetSettings, inputs: readonly InputSpec[]): ModelValues<T> {
  const given = inputs.map(({ name }) => g.input(name));
  const features = s.hidden.reduce(
    (x, _, layer) => g.dropout(g.activate(g.linear(x, `hidden.${layer}`), 'relu'), s.dropout),
    given.length > 1 ? g.concat(given, 1) : given[0],
  );
  return {
    ...outputValues(g, features, layersOf(s, inputs)),
    weights: null,
    routing: null,
    embeddings: [features],
  };
}

const inputWidth = (inputs: readonly InputSpec[]): number =>
  inputs.reduce((sum, input) => sum + inputShape(input)[0], 0);

const layersOf = (s: PrnetSettings, inputs: readonly InputSpec[]) =>
  linearOutputs(s, s.hidden.at(-1) ?? inputWidth(inputs));

/**
 * PRNet's network for physiological features: fully connected layers, then a layer for the class or the value and a
 * linear layer on pairs that tells which of two moments is higher (its loss is `ranking`, src/learn/losses). Absent
 * modalities are zeros under their mask.
 */
export const prnet: ModelDefinition<PrnetSettings> = {
  type: 'prnet',
  summary: 'Fully connected network with a head that ranks two moments of a person.',
  source: 'PRNet, Fig. 2 (architecture), Eq. 3 (ranking loss): its network for EEG features',
  settings: prnetSettings,
  problems: (s, inputs) => [...outputProblems(s), ...windowProblems(inputs, 'prnet')],
  outputs: outputsOf,
  embeddingWidth: (s, inputs) => layersOf(s, inputs).width,
  jointEmbedding: true,
  parameters(s, inputs) {
    const list = new ParameterList();
    const sizes = [inputWidth(inputs), ...s.hidden];
    for (let layer = 1; layer < sizes.length; layer++)
      list.linear(`hidden.${layer - 1}`, sizes[layer - 1], sizes[layer]);
    outputParameters(list, layersOf(s, inputs));
    return list.specs;
  },
  forward,
};
