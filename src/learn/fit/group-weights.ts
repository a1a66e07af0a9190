import type { ModelArrays } from '../../model/engines/engine.js';
import type { BoundModel } from '../../model/networks/definition.js';
import type { Example } from '../examples/example.js';

/** Mean and standard deviation (n - 1; null of fewer than two) over windows. */
export interface MeanWeight {
  readonly mean: number;
  readonly sd: number | null;
}

/** What a model weighed inside, over windows of one label. */
export interface GroupWeights {
  /** The class, or `high valence, low arousal`. */
  readonly name: string;
  readonly windows: number;
  /** Fusion weight of each modality, in the model's order; empty where the model fuses nothing. */
  readonly modalities: readonly MeanWeight[];
  /** Routing weight of each emotion expert; empty where there are none. */
  readonly routing: readonly MeanWeight[];
}

/** What a label says in short: the class, or on which side of the middle the first two rated dimensions are; null: nothing. */
export function labelGroup(
  { label: { class: own, targets } }: Example,
  dimensions: readonly (keyof Example['label']['targets'])[],
  classes: readonly string[],
): string | null {
  if (own !== null && own < classes.length) return classes[own];
  const parts = dimensions.slice(0, 2).flatMap((dimension) => {
    const value = targets[dimension];
    return value === undefined ? [] : [`${value > 0 ? 'high' : 'low'} ${dimension}`];
  });
  return parts.length > 0 ? parts.join(', ') : null;
}

/** The weights that a model gave `examples`, by their labels, in the order of the labels' names. */
export function groupWeights(
  model: BoundModel,
  examples: readonly Example[],
  { weights, routing }: Pick<ModelArrays, 'weights' | 'routing'>,
): GroupWeights[] {
  const rows = new Map<string, number[]>();
  for (const [i, example] of examples.entries()) {
    const name = labelGroup(example, model.heads, model.classes);
    if (name === null) continue;
    const own = rows.get(name);
    if (own) own.push(i);
    else rows.set(name, [i]);
  }
  const means = (values: Float32Array, own: readonly number[]): MeanWeight[] => {
    const width = values.length / examples.length;
    return Array.from({ length: width }, (_, c) => meanOf(own.map((i) => values[i * width + c])));
  };
  return [...rows]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, own]) => ({
      name,
      windows: own.length,
      modalities: means(weights, own),
      routing: means(routing, own),
    }));
}

function meanOf(values: readonly number[]): MeanWeight {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) * (value - mean), 0);
  return { mean, sd: values.length > 1 ? Math.sqrt(squares / (values.length - 1)) : null };
}
