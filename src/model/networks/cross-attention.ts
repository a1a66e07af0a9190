import { z } from 'zod';
import { attentionFusion } from './attention-fusion.js';
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

export const crossAttentionSettings = z.strictObject({
  width: count.default(32).describe('Of each token; a multiple of `attention_heads`.'),
  attention_heads: count.default(4),
  layers: count.default(2),
  hidden: count.default(64).describe('Units of the layer between blocks.'),
  dropout: z.number().min(0).max(0.9).default(0.1),
  ...outputSettings,
});
export type CrossAttentionSettings = z.infer<typeof crossAttentionSettings>;

/** One block on tokens x [B, M, d]: attention across modalities, then a layer for each, both added to what came in. */
function block<T>(
  g: Graph<T>,
  s: CrossAttentionSettings,
  x: T,
  modalities: number,
  presence: T,
  name: string,
): T {
  const { width, attention_heads: heads } = s;
  const part = width / heads;
  const rows = g.reshape(presence, [1]);
  const normal = (y: T, norm: string): T =>
    g.reshape(g.batchNorm(g.reshape(y, [width, 1]), `${name}.${norm}`, rows), [modalities, width]);
  const project = (y: T, which: string): T =>
    g.reshape(g.linear(g.reshape(y, [width]), `${name}.${which}`), [modalities, heads, part]);
  const normalised = normal(g.reshape(x, [width]), 'norm1');
  const [query, key, value] = ['query', 'key', 'value'].map((which) => project(normalised, which));
  // [B, M query, M key, heads], as sums of products: tokens are few.
  const products = g.multiply(
    g.reshape(query, [modalities, 1, heads, part]),
    g.reshape(key, [1, modalities, heads, part]),
  );
  const scores = g.transpose(g.scale(g.sum(products, 4), 1 / Math.sqrt(part)), [0, 1, 3, 2]);
  const absent = g.reshape(g.scale(presence, 1e9, -1e9), [1, 1, modalities]);
  const shares = g.transpose(g.softmax(g.add(scores, absent)), [0, 1, 3, 2]);
  const mixed = g.sum(
    g.multiply(
      g.reshape(shares, [modalities, modalities, heads, 1]),
      g.reshape(value, [1, modalities, heads, part]),
    ),
    2,
  );
  const attended = g.linear(g.reshape(mixed, [width]), `${name}.mix`);
  const first = g.add(g.reshape(x, [width]), g.dropout(attended, s.dropout));
  const between = g.activate(g.linear(g.reshape(normal(first, 'norm2'), [width]), `${name}.in`), 'gelu');
  const second = g.add(first, g.dropout(g.linear(between, `${name}.out`), s.dropout));
  return g.reshape(second, [modalities, width]);
}

function forward<T>(g: Graph<T>, s: CrossAttentionSettings, inputs: readonly InputSpec[]): ModelValues<T> {
  const presence = g.input('presence');
  const tokens = inputs.map(({ name }, m) =>
    g.multiply(g.linear(g.input(name), `token.${name}`), g.column(presence, m)),
  );
  let x = g.reshape(tokens.length > 1 ? g.concat(tokens, 1) : tokens[0], [inputs.length, s.width]);
  for (let layer = 0; layer < s.layers; layer++) x = block(g, s, x, inputs.length, presence, `block${layer}`);
  const embeddings = inputs.map((_, m) => g.reshape(g.slice(x, 1, m, m + 1), [s.width]));
  const { fused, weights } = attentionFusion(
    g,
    embeddings,
    presence,
    s.width,
    'pool.query',
    1 / Math.sqrt(s.width),
  );
  return { ...outputValues(g, fused, layersOf(s)), weights, routing: null, embeddings };
}

const layersOf = (s: CrossAttentionSettings) => linearOutputs(s, s.width);

/**
 * A baseline: a transformer whose tokens are the modalities of a window; absent ones are not attended to. It stands in
 * for TACOFormer and IANet. Batch normalisation takes the place of layer normalisation (Zerveas et al. 2021), because
 * every engine has it.
 */
export const crossAttention: ModelDefinition<CrossAttentionSettings> = {
  type: 'cross-attention',
  summary: 'A transformer across the modalities of a window.',
  source: 'Vaswani et al. 2017; stands in for TACOFormer and IANet of Hi-MoE, Table 2 (regression)',
  settings: crossAttentionSettings,
  problems(s, inputs) {
    const found = outputProblems(s);
    if (s.width % s.attention_heads !== 0)
      found.push(`settings.width: ${s.width} is no multiple of attention_heads, ${s.attention_heads}`);
    return [...found, ...windowProblems(inputs)];
  },
  outputs: outputsOf,
  embeddingWidth: ({ width }) => width,
  parameters(s, inputs) {
    const list = new ParameterList();
    for (const input of inputs) list.linear(`token.${input.name}`, inputShape(input)[0], s.width);
    for (let layer = 0; layer < s.layers; layer++) {
      const name = `block${layer}`;
      list.batchNorm(`${name}.norm1`, s.width);
      for (const which of ['query', 'key', 'value', 'mix']) list.linear(`${name}.${which}`, s.width, s.width);
      list.batchNorm(`${name}.norm2`, s.width);
      list.linear(`${name}.in`, s.width, s.hidden);
      list.linear(`${name}.out`, s.hidden, s.width);
    }
    list.add('pool.query', [s.width, 1], 'unit');
    outputParameters(list, layersOf(s));
    return list.specs;
  },
  forward,
};
