import { z } from 'zod';
import type { InputSpec, ModelDefinition, ModelValues } from './definition.js';
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

export const dgcnnSettings = z.strictObject({
  order: count.default(2).describe('K: Chebyshev polynomials of the graph, 2 in the paper.'),
  filters: count.default(32).describe('Features of each node after the graph convolution.'),
  hidden: count.default(64).describe('Units of the layer before the outputs.'),
  dropout: z.number().min(0).max(0.9).default(0.5),
  ...outputSettings,
});
export type DgcnnSettings = z.infer<typeof dgcnnSettings>;

/** Channels, and what each has; null where channels don't all have the same features in the same order. */
function nodesOf(input: InputSpec): { channels: number; features: number } | null {
  if (input.kind !== 'features') return null;
  const byChannel = new Map<string, string[]>();
  for (const { channel, feature } of input.features)
    byChannel.set(channel, [...(byChannel.get(channel) ?? []), feature]);
  const lists = [...byChannel.values()].map((list) => list.join(' '));
  const inOrder = [...byChannel].flatMap(([channel, list]) => list.map((feature) => `${channel} ${feature}`));
  const asGiven = input.features.map(({ channel, feature }) => `${channel} ${feature}`);
  if (new Set(lists).size !== 1 || inOrder.join('|') !== asGiven.join('|')) return null;
  return { channels: byChannel.size, features: input.features.length / byChannel.size };
}

function forward<T>(g: Graph<T>, s: DgcnnSettings, inputs: readonly InputSpec[]): ModelValues<T> {
  const presence = g.input('presence');
  const embeddings = inputs.map((input, m) => {
    const { channels, features } = nodesOf(input)!;
    const planes = input.with_mask ? 2 : 1;
    const depth = planes * features;
    // [B, planes, channels, features] to a row of channels for every feature: the graph mixes channels.
    const x = g.reshape(
      g.transpose(g.reshape(g.input(input.name), [planes, channels, features]), [0, 1, 3, 2]),
      [channels],
    );
    const name = `graph.${input.name}`;
    const mixed = (y: T): T => g.product(y, `${name}.adjacency`);
    const powers: T[] = [x];
    if (s.order > 1) powers.push(mixed(x));
    for (let k = 2; k < s.order; k++)
      powers.push(g.add(g.scale(mixed(powers[k - 1]), 2), g.scale(powers[k - 2], -1)));
    const byNode = powers.map((y) => g.transpose(g.reshape(y, [depth, channels]), [0, 2, 1]));
    const all = s.order > 1 ? g.concat(byNode, 2) : byNode[0];
    const convolved = g.activate(g.linear(g.reshape(all, [depth * s.order]), `${name}.filters`), 'relu');
    const hidden = g.activate(
      g.linear(g.reshape(convolved, [channels * s.filters]), `${name}.hidden`),
      'relu',
    );
    return g.multiply(g.dropout(hidden, s.dropout), g.column(presence, m));
  });
  const joined = embeddings.length > 1 ? g.concat(embeddings, 1) : embeddings[0];
  return {
    ...outputValues(g, joined, layersOf(s, inputs)),
    weights: null,
    routing: null,
    embeddings,
  };
}

const layersOf = (s: DgcnnSettings, inputs: readonly InputSpec[]) =>
  linearOutputs(s, s.hidden * inputs.length);

/**
 * A baseline: DGCNN, graph convolution over EEG channels with a learnt graph, the strongest one known without leakage
 * on SEED. The graph's normalised matrix is learnt itself; the paper learns weights and computes the matrix from them at
 * each step.
 */
export const dgcnn: ModelDefinition<DgcnnSettings> = {
  type: 'dgcnn',
  summary: 'Graph convolution over channels, its graph learnt.',
  source: 'Song et al. 2018, dynamical graph convolutional neural networks',
  settings: dgcnnSettings,
  problems: (s, inputs) => [
    ...outputProblems(s),
    ...inputs
      .filter((input) => nodesOf(input) === null)
      .map(({ name }) => `inputs.${name}: every channel must have the same features, channel by channel`),
  ],
  outputs: outputsOf,
  embeddingWidth: ({ hidden }) => hidden,
  parameters(s, inputs) {
    const list = new ParameterList();
    for (const input of inputs) {
      const { channels, features } = nodesOf(input)!;
      const name = `graph.${input.name}`;
      list.add(`${name}.adjacency`, [channels, channels], 'unit');
      list.linear(`${name}.filters`, features * (input.with_mask ? 2 : 1) * s.order, s.filters);
      list.linear(`${name}.hidden`, channels * s.filters, s.hidden);
    }
    outputParameters(list, layersOf(s, inputs));
    return list.specs;
  },
  forward,
};
