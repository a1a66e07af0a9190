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

export const bimodalLstmSettings = z.strictObject({
  steps: stepsSetting,
  hidden: z.int().positive().default(32).describe('Units for each modality.'),
  dropout: z.number().min(0).max(0.9).default(0),
  ...outputSettings,
});
export type BimodalLstmSettings = z.infer<typeof bimodalLstmSettings>;

const layersOf = (s: BimodalLstmSettings, inputs: readonly InputSpec[]) =>
  linearOutputs(s, inputs.length * s.hidden);

function forward<T>(g: Graph<T>, s: BimodalLstmSettings, inputs: readonly InputSpec[]): ModelValues<T> {
  const presence = g.input('presence');
  const embeddings = inputs.map((input, m) => {
    const width = stepWidth(s, input);
    const states = lstm(g, sequenceOf(g, s, [input]), `lstm.${input.name}`, { ...s, width, backward: false });
    return g.multiply(states[s.steps - 1], g.column(presence, m));
  });
  const joined = g.dropout(embeddings.length > 1 ? g.concat(embeddings, 1) : embeddings[0], s.dropout);
  return {
    ...outputValues(g, joined, layersOf(s, inputs)),
    weights: null,
    routing: null,
    embeddings,
  };
}

/** A baseline: an LSTM for each modality over the last windows, their last states side by side. */
export const bimodalLstm: ModelDefinition<BimodalLstmSettings> = {
  type: 'bimodal-lstm',
  summary: 'An LSTM for each modality over the last windows, joined at the end.',
  source: 'Tang et al. 2017, the baseline of ATAM, Table II (SEED)',
  settings: bimodalLstmSettings,
  problems: (s, inputs) => [...outputProblems(s), ...stepProblems(s, inputs)],
  outputs: outputsOf,
  embeddingWidth: ({ hidden }) => hidden,
  parameters(s, inputs) {
    const list = new ParameterList();
    for (const input of inputs) lstmParameters(list, `lstm.${input.name}`, stepWidth(s, input), s.hidden);
    outputParameters(list, layersOf(s, inputs));
    return list.specs;
  },
  forward,
};
