import { z } from 'zod';
import { attentionFusion } from './attention-fusion.js';
import { type InputSpec, inputShape, type ModelDefinition, type ModelValues } from './definition.js';
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

export const atamSettings = z.strictObject({
  transforms: z
    .record(z.string(), z.array(count).min(1))
    .describe(
      'Hidden layers of the transformation network of each modality; ATAM, section III-C (implementation) draws the first from [100, 200] and the second from [20, 50].',
    ),
  width: count.default(12).describe('Width of the embeddings that attention weighs; 12 in the paper.'),
  hidden_activation: z
    .enum(['sigmoid', 'relu', 'tanh'])
    .default('sigmoid')
    .describe('Of the transformation networks; the last layer is linear. The paper does not say.'),
  dropout: z.number().min(0).max(0.9).default(0).describe('After each hidden layer, while training.'),
  query: z
    .enum(['normal', 'zero'])
    .default('normal')
    .describe(
      'First values of the query that attention compares embeddings with: drawn from a normal distribution, or 0, so that modalities begin alike and none is left out before it has learnt anything.',
    ),
  attention_scale: z
    .number()
    .positive()
    .default(1)
    .describe(
      'Factor before the softmax of attention; 1 in the paper. A small one keeps it from being all or nothing.',
    ),
  ...outputSettings,
});
export type AtamSettings = z.infer<typeof atamSettings>;

const layerName = (input: InputSpec, layer: number): string => `transform.${input.name}.${layer}`;

function forward<T>(g: Graph<T>, s: AtamSettings, inputs: readonly InputSpec[]): ModelValues<T> {
  const presence = g.input('presence');
  const embeddings = inputs.map((input, m) => {
    const hidden = s.transforms[input.name];
    const last = hidden.reduce(
      (x, _, layer) =>
        g.dropout(g.activate(g.linear(x, layerName(input, layer)), s.hidden_activation), s.dropout),
      g.input(input.name),
    );
    return g.multiply(g.linear(last, layerName(input, hidden.length)), g.column(presence, m));
  });
  const { fused, weights } = attentionFusion(
    g,
    embeddings,
    presence,
    s.width,
    'attention.query',
    s.attention_scale,
  );
  return { ...outputValues(g, fused, layers(s)), weights, routing: null, embeddings };
}

const layers = (s: AtamSettings) => linearOutputs(s, s.width);

/**
 * ATAM (attention-based transformation network): each modality is transformed into a small common space, attention
 * weighs what is there, one linear layer classifies; a linear layer a dimension tells valence and arousal. What the
 * embeddings keep of their inputs and how they differ from each other is the business of the losses
 * `mutual-information` and `cosine` (src/learn/losses). An absent modality gets the weight 0.
 */
export const atam: ModelDefinition<AtamSettings> = {
  type: 'atam',
  summary: 'Attention over transformed modalities, trained with mutual information and cosine losses.',
  source:
    'ATAM, Eq. 1 (EEG transformation), Eq. 2 (eye transformation), Eq. 10 (attention weights), Eq. 11 (attention fusion), section III-C (implementation)',
  settings: atamSettings,
  problems(s, inputs) {
    const found = outputProblems(s);
    for (const name of Object.keys(s.transforms))
      if (!inputs.some((input) => input.name === name))
        found.push(`settings.transforms.${name}: no input has this name`);
    for (const input of inputs) {
      if (!s.transforms[input.name]) found.push(`settings.transforms.${input.name}: missing`);
      if (input.kind !== 'features') found.push(`inputs.${input.name}: atam takes features, not raw windows`);
    }
    return found;
  },
  outputs: outputsOf,
  embeddingWidth: ({ width }) => width,
  parameters(s, inputs) {
    const list = new ParameterList();
    for (const input of inputs) {
      const sizes = [inputShape(input)[0], ...s.transforms[input.name], s.width];
      for (let layer = 1; layer < sizes.length; layer++)
        list.linear(layerName(input, layer - 1), sizes[layer - 1], sizes[layer]);
    }
    list.add('attention.query', [s.width, 1], s.query === 'zero' ? 'zeros' : 'normal');
    outputParameters(list, layers(s));
    return list.specs;
  },
  forward,
};
