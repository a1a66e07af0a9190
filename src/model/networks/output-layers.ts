import { z } from 'zod';
import { headNames, type ModelOutputs, type ModelValues, rankOutcomes } from './definition.js';
import type { Activation, Graph } from './graph.js';
import type { ParameterList } from './parameter-list.js';

/** Settings that every model with trained output layers has. */
export const outputSettings = {
  heads: z.array(z.enum(headNames)).default([]).describe('Dimensions that it tells, in order.'),
  binary_heads: z
    .boolean()
    .optional()
    .describe(
      'Heads tell High from Low instead of a value: twice the probability of High, less 1; for the loss `binary_cross_entropy`.',
    ),
  classes: z.array(z.string().min(1)).default([]).describe('Classes that it tells apart, in order.'),
  ranking: z
    .array(z.enum(headNames))
    .default([])
    .describe('Dimensions in which it ranks two moments of a person.'),
} as const;

/** An output of `width` inputs: linear, or with one hidden layer of `hidden` units. */
export interface OutputLayers extends ModelOutputs {
  readonly width: number;
  readonly hidden: number | null;
  readonly activation: Activation;
  /** Before every parameter's name; default: nothing. */
  readonly prefix?: string;
}

/** Outputs that are one linear layer of `width` inputs each. */
export function linearOutputs(outputs: ModelOutputs, width: number, prefix?: string): OutputLayers {
  return { ...outputsOf(outputs), width, hidden: null, activation: 'relu', ...(prefix && { prefix }) };
}

/** A model's outputs, of its settings. */
export function outputsOf({ heads, binary_heads, classes, ranking }: ModelOutputs): ModelOutputs {
  return { heads, classes, ranking, ...(binary_heads && { binary_heads }) };
}

/** What is wrong with a model's outputs, one line each. */
export function outputProblems({ heads, binary_heads, classes, ranking }: ModelOutputs): string[] {
  const found: string[] = [];
  if (heads.length + classes.length + ranking.length === 0)
    found.push('settings: heads, classes and ranking are all empty; a model must tell something');
  for (const [name, list] of Object.entries({ heads, classes, ranking }))
    if (new Set(list).size !== list.length) found.push(`settings.${name}: one is named twice`);
  if (binary_heads && heads.length === 0) found.push('settings.binary_heads: there are no heads');
  if (classes.length === 1) found.push('settings.classes: one class is none; name two or more');
  return found;
}

export function outputParameters(
  list: ParameterList,
  { heads, classes, ranking, prefix = '', ...s }: OutputLayers,
): void {
  const layers = (name: string, outputs: number): void => {
    if (s.hidden === null) list.linear(name, s.width, outputs);
    else {
      list.linear(`${name}.in`, s.width, s.hidden);
      list.linear(`${name}.out`, s.hidden, outputs);
    }
  };
  for (const head of heads) layers(`${prefix}head.${head}`, 1);
  if (classes.length > 0) layers(`${prefix}classes`, classes.length);
  for (const dimension of ranking) {
    list.linear(`${prefix}rank.${dimension}.first`, s.width, rankOutcomes.length);
    list.add(`${prefix}rank.${dimension}.second`, [s.width, rankOutcomes.length], 'fan-in', s.width);
  }
}

/** Outputs of the embedding `x` [B, width]. */
export function outputValues<T>(
  g: Graph<T>,
  x: T,
  { heads, binary_heads, classes, ranking, hidden, activation, prefix = '' }: OutputLayers,
): Pick<ModelValues<T>, 'heads' | 'classes' | 'ranking'> {
  const layers = (name: string): T =>
    hidden === null
      ? g.linear(x, name)
      : g.linear(g.activate(g.linear(x, `${name}.in`), activation), `${name}.out`);
  // Of a logit z: 2 sigmoid(z) - 1.
  const highOrLow = (logits: T): T => g.activate(g.scale(logits, 0.5), 'tanh');
  const rank = (dimension: string): T[] => [
    g.linear(x, `${prefix}rank.${dimension}.first`),
    g.product(x, `${prefix}rank.${dimension}.second`),
  ];
  const told =
    heads.length > 0
      ? g.concat(
          heads.map((head) => layers(`${prefix}head.${head}`)),
          1,
        )
      : null;
  return {
    heads: told !== null && binary_heads ? highOrLow(told) : told,
    classes: classes.length > 0 ? layers(`${prefix}classes`) : null,
    ranking: ranking.length > 0 ? g.concat(ranking.flatMap(rank), 1) : null,
  };
}
