import { z } from 'zod';
import { type InputSpec, inputShape } from './definition.js';
import { type Activation, convolvedLength, type Graph } from './graph.js';
import type { ParameterList } from './parameter-list.js';

const count = z.int().positive();

const featureEncoder = z.strictObject({
  kind: z.literal('mlp'),
  hidden: count.describe('Hidden units.'),
});

/** EEGNet (Lawhern et al. 2018), sizes: F1 = 8, D = 2, F2 = 16, kernels 64 and 16, pools 4 and 8. */
const eegnetEncoder = z.strictObject({
  kind: z.literal('eegnet'),
  temporal_filters: count.default(8).describe('F1.'),
  depth: count.default(2).describe('D, spatial filters for each temporal one.'),
  separable_filters: count.default(16).describe('F2.'),
  temporal_taps: count.default(64),
  separable_taps: count.default(16),
  pools: z.tuple([count, count]).default([4, 8]),
  dropout: z.number().min(0).max(0.9).default(0.5),
  spatial_max_norm: z
    .number()
    .positive()
    .nullable()
    .default(1)
    .describe('Largest norm of a spatial filter over the electrodes after each training step; null: none.'),
});

const convEncoder = z.strictObject({
  kind: z.literal('conv'),
  filters: z.array(count).min(1).default([16, 32, 64]).describe('Filters of each layer (7 taps, stride 2).'),
});

/** A graph over a modality's features, as action units of a face (Kipf & Welling 2017). */
const gcnEncoder = z.strictObject({
  kind: z.literal('gcn'),
  hidden: count.default(16).describe('Width of a node.'),
  layers: count.default(2),
});

/** How a modality becomes an embedding: `mlp` and `gcn` take features, `eegnet` and `conv` raw windows. */
export const encoderSettings = z.discriminatedUnion('kind', [
  featureEncoder,
  eegnetEncoder,
  convEncoder,
  gcnEncoder,
]);
export type Encoder = z.infer<typeof encoderSettings>;

/** What is wrong between an encoder and its input. */
export function encoderProblems(e: Encoder, input: InputSpec): string[] {
  const takesFeatures = e.kind === 'mlp' || e.kind === 'gcn';
  if (input.kind !== (takesFeatures ? 'features' : 'window'))
    return [`kind ${e.kind} does not take an input of kind ${input.kind}`];
  if (e.kind === 'eegnet' && input.kind === 'window' && input.length % (e.pools[0] * e.pools[1]) !== 0)
    return [`window length ${input.length} is no multiple of the pools' product`];
  return [];
}

const TAPS = 7;
const STRIDE = 2;
const PADDING = [3, 3] as const;

/** Zeros before and after that keep the length at stride 1, as Keras's `same`. */
const same = (taps: number): [number, number] => [Math.floor((taps - 1) / 2), Math.ceil((taps - 1) / 2)];

/** Parameters of the encoder of `input`, all named `encoder.<input>.*`. */
export function encoderParameters(list: ParameterList, e: Encoder, input: InputSpec, width: number): void {
  const name = `encoder.${input.name}`;
  const shape = inputShape(input);
  switch (e.kind) {
    case 'mlp':
      list.linear(`${name}.in`, shape[0], e.hidden);
      list.linear(`${name}.out`, e.hidden, width);
      break;
    case 'eegnet': {
      const maps = e.temporal_filters * e.depth;
      list.add(`${name}.spatial`, [shape[0], maps], 'fan-in', shape[0], e.spatial_max_norm);
      list.add(`${name}.temporal`, [e.temporal_filters, 1, e.temporal_taps], 'fan-in', e.temporal_taps);
      list.batchNorm(`${name}.norm1`, maps);
      list.add(`${name}.depthwise`, [maps, 1, e.separable_taps], 'fan-in', e.separable_taps);
      list.add(`${name}.pointwise`, [maps, e.separable_filters], 'fan-in', maps);
      list.batchNorm(`${name}.norm2`, e.separable_filters);
      list.linear(`${name}.out`, (e.separable_filters * shape[1]) / (e.pools[0] * e.pools[1]), width);
      break;
    }
    case 'conv': {
      let channels = shape[0];
      e.filters.forEach((filters, layer) => {
        list.add(`${name}.conv${layer}`, [filters, channels, TAPS], 'fan-in', channels * TAPS);
        list.batchNorm(`${name}.norm${layer}`, filters);
        channels = filters;
      });
      list.linear(`${name}.out`, channels, width);
      break;
    }
    case 'gcn': {
      const nodes = nodesOf(input);
      list.statistic(`${name}.adjacency`, [nodes, nodes], 'adjacency', input.name);
      list.add(`${name}.nodes`, [nodes, e.hidden], 'fan-in', e.hidden);
      list.linear(`${name}.in`, shape[0] / nodes, e.hidden);
      for (let layer = 0; layer < e.layers; layer++) list.linear(`${name}.layer${layer}`, e.hidden, e.hidden);
      list.linear(`${name}.out`, e.hidden, width);
    }
  }
}

const nodesOf = (input: InputSpec): number => (input.kind === 'features' ? input.features.length : 0);

/**
 * An input as embeddings: [B, ...shape] to [B, d].
 *
 * @param rows [B, 1]: 1 where the modality is present
 */
export function encode<T>(
  g: Graph<T>,
  e: Encoder,
  input: InputSpec,
  rows: T,
  s: { readonly activation: Activation; readonly dropout: number },
): T {
  const name = `encoder.${input.name}`;
  const shape = inputShape(input);
  const x = g.input(input.name);
  switch (e.kind) {
    case 'mlp': {
      const hidden = g.activate(g.linear(x, `${name}.in`), s.activation);
      return g.linear(g.dropout(hidden, s.dropout), `${name}.out`);
    }
    case 'eegnet': {
      // The spatial filter goes first, as a plain product: it commutes with the temporal one. EEGNet's batch
      // normalisation between the two is affine and drowns in the filters around it, so it is left out.
      const [channels, length] = shape;
      const { temporal_filters: f1, depth, separable_filters: f2, pools } = e;
      const maps = f1 * depth;
      const byTime = g.reshape(g.transpose(x, [0, 2, 1]), [channels]);
      const spatial = g.reshape(g.product(byTime, `${name}.spatial`), [length, maps]);
      // Maps are ordered depth first, so that each run of F1 rows meets the F1 temporal filters.
      const stacked = g.reshape(g.transpose(spatial, [0, 2, 1]), [f1, length]);
      const filtered = g.convolve(stacked, `${name}.temporal`, {
        channels: f1,
        outputs: f1,
        length,
        taps: e.temporal_taps,
        stride: 1,
        padding: same(e.temporal_taps),
        depthwise: true,
      });
      const pool = (y: T, maps_: number, samples: number, size: number): T =>
        g.mean(g.reshape(y, [maps_, samples / size, size]), 3);
      const first = pool(
        g.activate(g.batchNorm(g.reshape(filtered, [maps, length]), `${name}.norm1`, rows), 'elu'),
        maps,
        length,
        pools[0],
      );
      const pooled = length / pools[0];
      const depthwise = g.convolve(g.dropout(first, e.dropout), `${name}.depthwise`, {
        channels: maps,
        outputs: maps,
        length: pooled,
        taps: e.separable_taps,
        stride: 1,
        padding: same(e.separable_taps),
        depthwise: true,
      });
      const pointwise = g.product(g.reshape(g.transpose(depthwise, [0, 2, 1]), [maps]), `${name}.pointwise`);
      const separable = g.transpose(g.reshape(pointwise, [pooled, f2]), [0, 2, 1]);
      const second = pool(
        g.activate(g.batchNorm(separable, `${name}.norm2`, rows), 'elu'),
        f2,
        pooled,
        pools[1],
      );
      const flat = g.reshape(g.dropout(second, e.dropout), [(f2 * pooled) / pools[1]]);
      return g.linear(flat, `${name}.out`);
    }
    case 'conv': {
      let [channels, length] = shape;
      let y = x;
      e.filters.forEach((filters, layer) => {
        const layout = {
          channels,
          outputs: filters,
          length,
          taps: TAPS,
          stride: STRIDE,
          padding: PADDING,
          depthwise: false,
        };
        const convolved = g.convolve(y, `${name}.conv${layer}`, layout);
        y = g.activate(g.batchNorm(convolved, `${name}.norm${layer}`, rows), 'gelu');
        channels = filters;
        length = convolvedLength(layout);
      });
      return g.linear(g.mean(y, 2), `${name}.out`);
    }
    case 'gcn': {
      const nodes = nodesOf(input);
      // [F values, F masks] to a value and its mask at each node.
      const parts = shape[0] / nodes;
      const byNode = g.reshape(g.transpose(g.reshape(x, [parts, nodes]), [0, 2, 1]), [parts]);
      const start = g.add(
        g.reshape(g.linear(byNode, `${name}.in`), [nodes, e.hidden]),
        g.parameter(`${name}.nodes`),
      );
      let h = start;
      for (let layer = 0; layer < e.layers; layer++) {
        const across = g.reshape(g.transpose(h, [0, 2, 1]), [nodes]);
        const mixed = g.reshape(g.product(across, `${name}.adjacency`), [e.hidden, nodes]);
        const flat = g.reshape(g.transpose(mixed, [0, 2, 1]), [e.hidden]);
        h = g.reshape(g.activate(g.linear(flat, `${name}.layer${layer}`), s.activation), [nodes, e.hidden]);
      }
      return g.linear(g.dropout(g.mean(h, 1), s.dropout), `${name}.out`);
    }
  }
}
