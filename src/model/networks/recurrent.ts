import { z } from 'zod';
import type { InputSpec } from './definition.js';
import type { Graph } from './graph.js';
import type { ParameterList } from './parameter-list.js';

export const stepsSetting = z
  .int()
  .min(2)
  .default(15)
  .describe('Windows of history, the newest last; `history` in the configuration gives them.');

/** Windows of history that sequence models see at once. */
export interface Steps {
  readonly steps: number;
}

/** What keeps an input from being read as {@link Steps.steps} windows. */
export function stepProblems({ steps }: Steps, inputs: readonly InputSpec[]): string[] {
  return inputs.flatMap((input) => {
    if (input.kind !== 'features') return [`inputs.${input.name}: it takes features, not raw windows`];
    return input.features.length % steps === 0
      ? []
      : [
          `inputs.${input.name}: ${input.features.length} features are not ${steps} windows of the same; give it a history of so many`,
        ];
  });
}

/** Values of one window of an input, masks included. */
export function stepWidth({ steps }: Steps, input: InputSpec): number {
  const features = input.kind === 'features' ? input.features.length : 0;
  return (features / steps) * (input.with_mask ? 2 : 1);
}

/** Inputs as sequences, modalities side by side: [B, T * sum of widths] for {@link stepWidth}, oldest first. */
export function sequenceOf<T>(g: Graph<T>, { steps }: Steps, inputs: readonly InputSpec[]): T {
  const parts = inputs.map((input) => {
    const width = stepWidth({ steps }, input);
    const x = g.input(input.name);
    if (!input.with_mask) return g.reshape(x, [steps, width]);
    // All values come before all masks; each step wants its own of both.
    const apart = g.transpose(g.reshape(x, [2, steps, width / 2]), [0, 2, 1, 3]);
    return g.reshape(apart, [steps, width]);
  });
  return parts.length > 1 ? g.concat(parts, 2) : parts[0];
}

export function lstmParameters(list: ParameterList, name: string, inputs: number, hidden: number): void {
  list.linear(`${name}.in`, inputs, 4 * hidden);
  list.add(`${name}.recurrent`, [hidden, 4 * hidden], 'fan-in', hidden);
}

/**
 * A long short-term memory (Hochreiter & Schmidhuber 1997; gates in torch's order: input, forget, cell, output) over
 * x [B, T, width]; its state after each step, in order of time: T of [B, hidden].
 */
export function lstm<T>(
  g: Graph<T>,
  x: T,
  name: string,
  { steps, width, hidden, backward }: Steps & { width: number; hidden: number; backward: boolean },
): T[] {
  // What the inputs bring to the gates is known before the recursion starts.
  const brought = g.reshape(g.linear(g.reshape(x, [width]), `${name}.in`), [steps, 4 * hidden]);
  const states: T[] = [];
  let [state, cell]: [T | null, T | null] = [null, null];
  for (let i = 0; i < steps; i++) {
    const step = backward ? steps - 1 - i : i;
    const own = g.reshape(g.slice(brought, 1, step, step + 1), [4 * hidden]);
    const gates: T = state === null ? own : g.add(own, g.product(state, `${name}.recurrent`));
    const gate = (k: number): T => g.slice(gates, 1, k * hidden, (k + 1) * hidden);
    const added: T = g.multiply(g.activate(gate(0), 'sigmoid'), g.activate(gate(2), 'tanh'));
    cell = cell === null ? added : g.add(g.multiply(g.activate(gate(1), 'sigmoid'), cell), added);
    state = g.multiply(g.activate(gate(3), 'sigmoid'), g.activate(cell, 'tanh'));
    states[step] = state;
  }
  return states;
}
