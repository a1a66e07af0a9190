import { z } from 'zod';
import {
  headNames,
  type Initialisation,
  type InputSpec,
  inputShape,
  type ModelDefinition,
  type ModelValues,
  type ParameterSpec,
} from './definition.js';
import { convolvedLength, type Graph } from './graph.js';

const count = z.int().positive();

const featureEncoder = z.strictObject({
  kind: z.literal('mlp'),
  hidden: count.describe('Hidden units.'),
});

/** EEGNet (Lawhern et al. 2018), sizes as in METHODS: F1 = 8, D = 2, F2 = 16, kernels 64 and 16, pools 4 and 8. */
const eegnetEncoder = z.strictObject({
  kind: z.literal('eegnet'),
  temporal_filters: count.default(8).describe('F1.'),
  depth: count.default(2).describe('D, spatial filters for each temporal one.'),
  separable_filters: count.default(16).describe('F2.'),
  temporal_taps: count.default(64),
  separable_taps: count.default(16),
  pools: z.tuple([count, count]).default([4, 8]),
  dropout: z.number().min(0).max(0.9).default(0.5),
});

const convEncoder = z.strictObject({
  kind: z.literal('conv'),
  filters: z.array(count).min(1).default([16, 32, 64]).describe('Filters of each layer (7 taps, stride 2).'),
});

const encoder = z.discriminatedUnion('kind', [featureEncoder, eegnetEncoder, convEncoder]);
type Encoder = z.infer<typeof encoder>;

const bank = z.strictObject({
  count: count.describe('Experts.'),
  hidden: count.describe('Hidden units of each expert.'),
});

export const hiMoeSettings = z.strictObject({
  width: count.describe('d: width of every embedding.'),
  encoders: z.record(z.string(), encoder).describe('One a modality.'),
  modality_experts: bank.describe('K experts for each modality, softly gated.'),
  emotion_experts: bank.describe('L experts on the fused embedding.'),
  head_hidden: count.describe('Hidden units of each head.'),
  heads: z.array(z.enum(headNames)).min(1).describe('In order; valence and arousal at least.'),
  activation: z.enum(['relu', 'gelu']),
  dropout: z.number().min(0).max(0.9).default(0).describe('After each feature encoder, while training.'),
});
export type HiMoeSettings = z.infer<typeof hiMoeSettings>;

const TAPS = 7;
const STRIDE = 2;
const PADDING = [3, 3] as const;

/** Zeros before and after that keep the length at stride 1, as Keras's `same`. */
const same = (taps: number): [number, number] => [Math.floor((taps - 1) / 2), Math.ceil((taps - 1) / 2)];

class ParameterList {
  readonly specs: ParameterSpec[] = [];

  add(name: string, shape: readonly number[], initialisation: Initialisation, fan_in = 1): void {
    this.specs.push({ name, shape, initialisation, fan_in, trainable: true });
  }

  linear(name: string, inputs: number, outputs: number): void {
    this.add(`${name}.weight`, [inputs, outputs], 'fan-in', inputs);
    this.add(`${name}.bias`, [outputs], 'zeros');
  }

  batchNorm(name: string, channels: number): void {
    this.add(`${name}.scale`, [channels], 'ones');
    this.add(`${name}.shift`, [channels], 'zeros');
    for (const [statistic, initialisation] of [
      ['mean', 'zeros'],
      ['variance', 'ones'],
    ] as const)
      this.specs.push({
        name: `${name}.${statistic}`,
        shape: [channels],
        initialisation,
        fan_in: 1,
        trainable: false,
      });
  }

  bank(name: string, width: number, { count, hidden }: HiMoeSettings['modality_experts']): void {
    this.linear(`${name}.in`, width, count * hidden);
    this.add(`${name}.out.weight`, [count * hidden, width], 'fan-in', hidden);
    this.add(`${name}.out.bias`, [count, width], 'zeros');
  }
}

function encoderParameters(list: ParameterList, e: Encoder, input: InputSpec, width: number): void {
  const name = `encoder.${input.name}`;
  const shape = inputShape(input);
  switch (e.kind) {
    case 'mlp':
      list.linear(`${name}.in`, shape[0], e.hidden);
      list.linear(`${name}.out`, e.hidden, width);
      break;
    case 'eegnet': {
      const maps = e.temporal_filters * e.depth;
      list.add(`${name}.spatial`, [shape[0], maps], 'fan-in', shape[0]);
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
    }
  }
}

/** [B, ...shape] to [B, d]. `rows` [B, 1]: 1 where the modality is present. */
function encode<T>(g: Graph<T>, s: HiMoeSettings, e: Encoder, input: InputSpec, rows: T): T {
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
  }
}

/**
 * Sum over k of gate_k * E_k(x), E_k(x) = act(x W1_k + b1_k) W2_k + b2_k, without a loop: the gate multiplies the
 * hidden units, which is exact because the second layer is linear.
 * `hidden` [B, K * h], `gate` [B, K]; gives [B, d].
 */
function mixExperts<T>(g: Graph<T>, name: string, count: number, units: number, hidden: T, gate: T): T {
  const gated = g.multiply(g.reshape(hidden, [count, units]), g.reshape(gate, [count, 1]));
  return g.add(
    g.product(g.reshape(gated, [count * units]), `${name}.out.weight`),
    g.product(gate, `${name}.out.bias`),
  );
}

function forward<T>(g: Graph<T>, s: HiMoeSettings, inputs: readonly InputSpec[]): ModelValues<T> {
  const { width, modality_experts: experts, emotion_experts: emotions } = s;
  const presence = g.input('presence');

  const embeddings = inputs.map((input, m) => {
    const rows = g.column(presence, m);
    const encoded = g.multiply(encode(g, s, s.encoders[input.name], input, rows), rows);
    const gate = g.softmax(g.linear(encoded, `gate.${input.name}`));
    const name = `experts.${input.name}`;
    const hidden = g.activate(g.linear(encoded, `${name}.in`), s.activation);
    return mixExperts(g, name, experts.count, experts.hidden, hidden, gate);
  });

  const stacked = g.reshape(g.concat(embeddings, 1), [inputs.length, width]);
  const scores = g.reshape(g.product(g.reshape(stacked, [width]), 'fusion.query'), [inputs.length]);
  // -1e9 underflows to exactly 0 in the softmax; the product keeps it 0 where nothing at all is present.
  const masked = g.add(g.scale(scores, 1 / Math.sqrt(width)), g.scale(presence, 1e9, -1e9));
  const weights = g.multiply(g.softmax(masked), presence);
  const fused = g.sum(g.multiply(stacked, g.reshape(weights, [inputs.length, 1])), 1);

  // z . F_l(z) = hidden_l . (W2_l z) + b2_l . z: the router needs no expert's output, so the bank stays two products.
  const hidden = g.activate(g.linear(fused, 'emotions.in'), s.activation);
  const along = g.multiply(hidden, g.product(fused, 'emotions.out.weight', { transposed: true }));
  const affinity = g.add(
    g.sum(g.reshape(along, [emotions.count, emotions.hidden]), 2),
    g.product(fused, 'emotions.out.bias', { transposed: true }),
  );
  const routing = g.softmax(g.scale(affinity, 1 / Math.sqrt(width)));
  const emotion = mixExperts(g, 'emotions', emotions.count, emotions.hidden, hidden, routing);

  const heads = s.heads.map((head) =>
    g.linear(g.activate(g.linear(emotion, `head.${head}.in`), s.activation), `head.${head}.out`),
  );
  return { heads: g.concat(heads, 1), weights, routing, embeddings };
}

function problems(s: HiMoeSettings, inputs: readonly InputSpec[]): string[] {
  const found: string[] = [];
  const names = inputs.map((input) => input.name);
  for (const name of Object.keys(s.encoders))
    if (!names.includes(name)) found.push(`settings.encoders.${name}: no input has this name`);
  for (const head of ['valence', 'arousal'] as const)
    if (!s.heads.includes(head)) found.push(`settings.heads: ${head} is missing`);
  if (new Set(s.heads).size !== s.heads.length) found.push('settings.heads: a head is named twice');
  for (const input of inputs) {
    const e = s.encoders[input.name];
    const at = `settings.encoders.${input.name}`;
    if (!e) {
      found.push(`${at}: missing`);
      continue;
    }
    if ((e.kind === 'mlp') !== (input.kind === 'features'))
      found.push(`${at}: kind ${e.kind} does not take an input of kind ${input.kind}`);
    else if (e.kind === 'eegnet' && input.kind === 'window' && input.length % (e.pools[0] * e.pools[1]) !== 0)
      found.push(`${at}: window length ${input.length} is no multiple of the pools' product`);
  }
  return found;
}

/**
 * Hi-MoE (arXiv 2508.02133v4): an encoder and a bank of softly gated experts for each modality, attention fusion with a
 * presence mask, a bank of emotion experts routed by their agreement with the fused embedding, and one head a dimension.
 * What the paper leaves open is a setting; docs/explanation/engines.md lists what was chosen.
 */
export const hiMoe: ModelDefinition<HiMoeSettings> = {
  type: 'hi-moe',
  summary:
    'Mixture of modality experts and emotion experts; any modality may be missing; continuous valence and arousal.',
  source: 'arXiv 2508.02133v4, sections 3.2 to 3.4',
  settings: hiMoeSettings,
  problems,
  heads: (s) => s.heads,
  parameters(s, inputs) {
    const list = new ParameterList();
    for (const input of inputs) {
      encoderParameters(list, s.encoders[input.name], input, s.width);
      list.linear(`gate.${input.name}`, s.width, s.modality_experts.count);
      list.bank(`experts.${input.name}`, s.width, s.modality_experts);
    }
    list.add('fusion.query', [s.width, 1], 'unit');
    list.bank('emotions', s.width, s.emotion_experts);
    for (const head of s.heads) {
      list.linear(`head.${head}.in`, s.width, s.head_hidden);
      list.linear(`head.${head}.out`, s.head_hidden, 1);
    }
    return list.specs;
  },
  forward,
};
