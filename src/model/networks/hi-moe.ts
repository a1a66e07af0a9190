import { z } from 'zod';
import { attentionFusion } from './attention-fusion.js';
import type { InputSpec, ModelDefinition, ModelValues } from './definition.js';
import { encode, encoderParameters, encoderProblems, encoderSettings } from './encoders.js';
import type { Graph } from './graph.js';
import {
  outputParameters,
  outputProblems,
  outputSettings,
  outputsOf,
  outputValues,
} from './output-layers.js';
import { ParameterList } from './parameter-list.js';

const count = z.int().positive();

const bank = z.strictObject({
  count: count.describe('Experts.'),
  hidden: count.describe('Hidden units of each expert.'),
});

export const hiMoeSettings = z.strictObject({
  width: count.describe('d: width of every embedding.'),
  encoders: z.record(z.string(), encoderSettings).describe('One a modality.'),
  modality_experts: bank.describe('K experts for each modality, softly gated.'),
  emotion_experts: bank.describe('L experts on the fused embedding.'),
  head_hidden: count.describe('Hidden units of each head.'),
  ...outputSettings,
  routing: z
    .enum(['soft', 'argmax', 'uniform'])
    .default('soft')
    .describe('How experts are mixed, in both banks; all but `soft` are ablations.'),
  activation: z.enum(['relu', 'gelu']),
  dropout: z.number().min(0).max(0.9).default(0).describe('After each feature encoder, while training.'),
});
export type HiMoeSettings = z.infer<typeof hiMoeSettings>;

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

function bankParameters(
  list: ParameterList,
  name: string,
  width: number,
  { count, hidden }: HiMoeSettings['modality_experts'],
): void {
  list.linear(`${name}.in`, width, count * hidden);
  list.add(`${name}.out.weight`, [count * hidden, width], 'fan-in', hidden);
  list.add(`${name}.out.bias`, [count, width], 'zeros');
}

/** Shares of a bank's experts from their logits [B, n]. */
function route<T>(g: Graph<T>, { routing }: HiMoeSettings, logits: T): T {
  if (routing === 'argmax') return g.hardmax(logits);
  return g.softmax(routing === 'uniform' ? g.scale(logits, 0) : logits);
}

function forward<T>(g: Graph<T>, s: HiMoeSettings, inputs: readonly InputSpec[]): ModelValues<T> {
  const { width, modality_experts: experts, emotion_experts: emotions } = s;
  const presence = g.input('presence');

  const embeddings = inputs.map((input, m) => {
    const rows = g.column(presence, m);
    const encoded = g.multiply(encode(g, s.encoders[input.name], input, rows, s), rows);
    const gate = route(g, s, g.linear(encoded, `gate.${input.name}`));
    const name = `experts.${input.name}`;
    const hidden = g.activate(g.linear(encoded, `${name}.in`), s.activation);
    return mixExperts(g, name, experts.count, experts.hidden, hidden, gate);
  });

  const { fused, weights } = attentionFusion(
    g,
    embeddings,
    presence,
    width,
    'fusion.query',
    1 / Math.sqrt(width),
  );

  // z . F_l(z) = hidden_l . (W2_l z) + b2_l . z: the router needs no expert's output, so the bank stays two products.
  const hidden = g.activate(g.linear(fused, 'emotions.in'), s.activation);
  const along = g.multiply(hidden, g.product(fused, 'emotions.out.weight', { transposed: true }));
  const affinity = g.add(
    g.sum(g.reshape(along, [emotions.count, emotions.hidden]), 2),
    g.product(fused, 'emotions.out.bias', { transposed: true }),
  );
  const routing = route(g, s, g.scale(affinity, 1 / Math.sqrt(width)));
  const emotion = mixExperts(g, 'emotions', emotions.count, emotions.hidden, hidden, routing);

  return { ...outputValues(g, emotion, layers(s)), weights, routing, embeddings };
}

const layers = (s: HiMoeSettings) => ({ ...s, hidden: s.head_hidden });

function problems(s: HiMoeSettings, inputs: readonly InputSpec[]): string[] {
  const found: string[] = [];
  const names = inputs.map((input) => input.name);
  for (const name of Object.keys(s.encoders))
    if (!names.includes(name)) found.push(`settings.encoders.${name}: no input has this name`);
  found.push(...outputProblems(s));
  for (const input of inputs) {
    const e = s.encoders[input.name];
    const at = `settings.encoders.${input.name}`;
    if (!e) {
      found.push(`${at}: missing`);
      continue;
    }
    found.push(...encoderProblems(e, input).map((problem) => `${at}: ${problem}`));
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
  source:
    'Hi-MoE, Eq. 2 (modality gate), Eq. 3 (modality experts), Eq. 4 (fusion), Eq. 5 (emotion routing), Eq. 6 (emotion experts)',
  settings: hiMoeSettings,
  problems,
  outputs: outputsOf,
  embeddingWidth: ({ width }) => width,
  parameters(s, inputs) {
    const list = new ParameterList();
    for (const input of inputs) {
      encoderParameters(list, s.encoders[input.name], input, s.width);
      list.linear(`gate.${input.name}`, s.width, s.modality_experts.count);
      bankParameters(list, `experts.${input.name}`, s.width, s.modality_experts);
    }
    list.add('fusion.query', [s.width, 1], 'unit');
    bankParameters(list, 'emotions', s.width, s.emotion_experts);
    outputParameters(list, layers(s));
    return list.specs;
  },
  forward,
};
