import type { Pipeline } from '../../src/pipeline/file/pipeline.js';

/** A pipeline with a node before each of whose steps `look` is asked with what it gets. */
export function watchedNode(
  pipeline: Pipeline,
  node: string,
  look: (got: { readonly time?: number }) => void,
): Pipeline {
  const own = pipeline.transforms.get(node)!;
  const { definition } = own;
  const create = (...args: readonly unknown[]): object => {
    const made = (definition as unknown as { create(...args: readonly unknown[]): object }).create(...args);
    return new Proxy(made, {
      get: (target, key) => {
        const value = (target as Record<string | symbol, unknown>)[key];
        if (typeof value !== 'function') return value;
        return (...got: readonly unknown[]) => {
          if (key === 'process') look(got[0] as object);
          return value.apply(target, got);
        };
      },
    });
  };
  const watched = { ...own, definition: { ...definition, create } } as typeof own;
  return { ...pipeline, transforms: new Map(pipeline.transforms).set(node, watched) };
}
