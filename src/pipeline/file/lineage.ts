import type { Pipeline } from './pipeline.js';

/** By name of a source, node or model: the names of all that its values come from, its own among them. */
export type Lineage = ReadonlyMap<string, ReadonlySet<string>>;

export function lineageOf({ sources, transforms, models }: Pipeline): Lineage {
  const lineage = new Map<string, ReadonlySet<string>>();
  const add = (name: string, from: readonly string[]): void => {
    lineage.set(name, new Set([name, ...from.flatMap((parent) => [...(lineage.get(parent) ?? [])])]));
  };
  for (const name of sources.keys()) add(name, []);
  for (const { name, input, beside } of transforms.values()) add(name, [input, ...beside]);
  for (const { name, join } of models.values()) add(name, [...join.inputs.values()].flat());
  return lineage;
}
