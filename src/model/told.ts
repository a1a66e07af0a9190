import type { ModelOutputs } from './networks/definition.js';

/** What a model tells of a window, as abstention names it: dimensions, and `classes` all together. */
export function toldBy({ heads, classes }: Pick<ModelOutputs, 'heads' | 'classes'>): string[] {
  return [...heads, ...(classes.length > 0 ? ['classes'] : [])];
}
