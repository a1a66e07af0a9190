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

const count = z.int().positive();

export const bdaeSettings = z.strictObject({
  hidden: count.default(64).describe('Units for each modality.'),
  code: count.default(64).describe('Units of the shared code.'),
  ...outputSettings,
});
export type BdaeSettings = z.infer<typeof bdaeSettings>;

function forward<T>(g: Graph<T>, s: BdaeSettings, inputs: readonly InputSpec[]): ModelValues<T> {
  const presence = g.input('presence');
  const hidden = inputs.map(({ name }, m) =>
    g.multiply(g.activate(g.linear(g.input(name), `encode.${name}`), 'sigmoid'), g.column(presence, m)),
  );
  const joined = hidden.length > 1 ? g.concat(hidden, 1) : hidden[0];
  const code = g.activate(g.linear(joined, 'code'), 'sigmoid');
  return {
    ...outputValues(g, code, layersOf(s)),
    weights: null,
    routing: null,
    embeddings: [code],
  };
}

const layersOf = (s: BdaeSettings) => linearOutputs(s, s.code);

/**
 * A baseline: the bimodal deep autoencoder's encoder and shared code; `reconstruction` (src/learn/losses) is its
 * decoder. Trained from random weights together with its outputs, instead of restricted Boltzmann machines first and a
 * support vector machine after.
 */
export const bdae: ModelDefinition<BdaeSettings> = {
  type: 'bdae',
  summary: 'Bimodal deep autoencoder: a code from which all modalities can be rebuilt.',
  source: 'Liu, Zheng & Lu 2016',
  settings: bdaeSettings,
  problems: (s, inputs) => [...outputProblems(s), ...windowProblems(inputs)],
  outputs: outputsOf,
  embeddingWidth: ({ code }) => code,
  jointEmbedding: true,
  parameters(s, inputs) {
    const list = new ParameterList();
    for (const input of inputs) list.linear(`encode.${input.name}`, inputShape(input)[0], s.hidden);
    list.linear('code', inputs.length * s.hidden, s.code);
    outputParameters(list, layersOf(s));
    return list.specs;
  },
  forward,
};
