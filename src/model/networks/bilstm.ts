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
import { lstm, lstmParameters, sequenceOf, stepProblems, stepsSetting, stepWidth } from './recurrent.js';

export const bilstmSettings = z.strictObject({
  steps: stepsSetting,
  hidden: z.int().positive().default(32).describe('Units in each direction.'),
  dropout: z.number().min(0).max(0.9).default(0),
  ...outputSettings,
});
export type BilstmSettings = z.infer<typeof bilstmSettings>;

const layers = (s: BilstmSettings) => linearOutputs(s, 2 * s.hidden);
const widthOf = (s: BilstmSettings, inputs: readonly InputSpec[]): number =>
  inputs.reduce((sum, input) => sum + stepWidth(s, input), 0);

function forward<T>(g: Graph<T>, s: BilstmSettings, inputs: readonly InputSpec[]): ModelValues<T> {
  const x = sequenceOf(g, s, inputs);
  const direction = (backward: boolean): T[] =>
    lstm(g, x, backward ? 'backward' : 'forward', { ...s, width: widthOf(s, inputs), backward });
  const [ahead, back] = [direction(false), direction(true)];
  const states = ahead.map((state, i) => g.concat([state, back[i]], 1));
  const stacked = g.reshape(g.concat(states, 1), [s.steps, 2 * s.hidden]);
  const scores = g.reshape(g.product(g.reshape(stacked, [2 * s.hidden]), 'attention.query'), [s.steps]);
  const shares = g.reshape(g.softmax(scores), [s.steps, 1]);
  const summary = g.dropout(g.sum(g.multiply(stacked, shares), 1), s.dropout);
  return {
    ...outputValues(g, summary, layers(s)),
    weights: null,
    routing: null,
    embeddings: [summary],
  };
}

/** A baseline: all modalities' features side by side, over the last windows, both ways in time, summed by attention. */
export const bilstm: ModelDefinition<BilstmSettings> = {
  type: 'bilstm',
  summary: 'Bidirectional LSTM with attention over the last windows, all features side by side.',
  source: 'Graves & Schmidhuber 2005, for the baseline Bi-LSTM of Hi-MoE, Table 2 (regression)',
  settings: bilstmSettings,
  problems: (s, inputs) => [...outputProblems(s), ...stepProblems(s, inputs)],
  outputs: outputsOf,
  embeddingWidth: ({ hidden }) => 2 * hidden,
  jointEmbedding: true,
  parameters(s, inputs) {
    const list = new ParameterList();
    for (const name of ['forward', 'backward']) lstmParameters(list, name, widthOf(s, inputs), s.hidden);
    list.add('attention.query', [2 * s.hidden, 1], 'unit');
    outputParameters(list, layers(s));
    return list.specs;
  },
  forward,
};
