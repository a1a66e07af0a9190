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

export const lateFusionSettings = z.strictObject({
  hidden: z.int().positive().default(32).describe("Units of each modality's own network."),
  dropout: z.number().min(0).max(0.9).default(0),
  ...outputSettings,
});
export type LateFusionSettings = z.infer<typeof lateFusionSettings>;

const layersOf = (s: LateFusionSettings, input: InputSpec) => linearOutputs(s, s.hidden, `${input.name}.`);

const outputKinds = ['heads', 'classes', 'ranking'] as const;

/** [B, M]: the same weight for everything present, 0 for what is not. */
function evenWeights<T>(g: Graph<T>, presence: T): T {
  return g.multiply(g.softmax(g.scale(presence, 1e9, -1e9)), presence);
}

function forward<T>(g: Graph<T>, s: LateFusionSettings, inputs: readonly InputSpec[]): ModelValues<T> {
  const weights = evenWeights(g, g.input('presence'));
  const embeddings = inputs.map(({ name }) =>
    g.dropout(g.activate(g.linear(g.input(name), `${name}.in`), 'relu'), s.dropout),
  );
  const own = inputs.map((input, m) => outputValues(g, embeddings[m], layersOf(s, input)));
  const fused = (kind: (typeof outputKinds)[number]): T | null => {
    const shared = own.flatMap((values, m) => {
      const value = values[kind];
      return value === null ? [] : [g.multiply(value, g.column(weights, m))];
    });
    return shared.length > 0 ? shared.reduce((sum, part) => g.add(sum, part)) : null;
  };
  return {
    heads: fused('heads'),
    classes: fused('classes'),
    ranking: fused('ranking'),
    weights,
    routing: null,
    embeddings,
  };
}

/**
 * A baseline: a network for each modality, and the mean of what those say that are there (of logits, for classes, which
 * is the product rule).
 */
export const lateFusion: ModelDefinition<LateFusionSettings> = {
  type: 'late-fusion',
  summary: 'A network for each modality; the mean of what they say.',
  source: 'The baseline of Hi-MoE, Table 2 (regression): late fusion',
  settings: lateFusionSettings,
  problems: (s, inputs) => [...outputProblems(s), ...windowProblems(inputs)],
  outputs: outputsOf,
  embeddingWidth: ({ hidden }) => hidden,
  parameters(s, inputs) {
    const list = new ParameterList();
    for (const input of inputs) {
      list.linear(`${input.name}.in`, inputShape(input)[0], s.hidden);
      outputParameters(list, layersOf(s, input));
    }
    return list.specs;
  },
  forward,
};
