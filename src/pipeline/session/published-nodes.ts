import type { Seconds } from '../../core/clock.js';
import type { FeatureTransform, WindowTransform } from '../../core/component.js';
import type { Pipeline, TransformNode } from '../file/pipeline.js';

/** The stream on which a node's vectors go out. */
export type PublishedOn = 'features' | 'indices';

/** A node whose vectors go out, and when it gives one. */
export interface PublishedNode {
  readonly name: string;
  readonly kind: PublishedOn;
  readonly source: string;
  /** Those of the windows that it is computed from. */
  readonly timing: { readonly window_s: Seconds; readonly hop_s: Seconds };
}

/** The nodes of a pipeline whose vectors go out, in the order in which those of one window do. Other nodes of features only serve those. */
export function publishedNodes(pipeline: Pipeline): readonly PublishedNode[] {
  const asked = new Set([...pipeline.sinks.values()].flatMap(({ inputs }) => inputs));
  const extracted: PublishedNode[] = [];
  const derived: PublishedNode[] = [];
  for (const node of pipeline.transforms.values()) {
    const { definition, name, source } = node;
    const timing = timingOf(pipeline, node);
    if (!timing) continue;
    if (definition.kind === 'window' && definition.produces === 'features')
      extracted.push({ name, kind: 'features', source, timing });
    if (definition.kind !== 'features') continue;
    const { publishes } = definition as FeatureTransform<never>;
    const kind = publishes ?? (asked.has(name) ? 'features' : null);
    if (kind) derived.push({ name, kind, source, timing });
  }
  return [...extracted, ...derived];
}

/** Those of the windows at the start of a node's vectors; null where it has none. */
function timingOf(pipeline: Pipeline, node: TransformNode): PublishedNode['timing'] | null {
  let at: TransformNode | undefined = node;
  while (at && at.definition.kind !== 'window') at = pipeline.transforms.get(at.input);
  return at ? (at.definition as WindowTransform<never>).timing(at.params as never) : null;
}
