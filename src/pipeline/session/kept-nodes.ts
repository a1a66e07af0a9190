import { isDeepStrictEqual } from 'node:util';
import type { Pipeline, TransformNode } from '../file/pipeline.js';

/** What a node was: its digest, that of all that feeds it included, and the source at its beginning. */
export type NodeOrigin = Pick<TransformNode, 'digest' | 'source'>;

/**
 * Nodes of a pipeline that takes another one's place which go on as they are: they, and all that feeds them, have their
 * names and digests, and what feeds their sources is the same.
 */
export function keptNodes(
  { transforms }: Pick<Pipeline, 'transforms'>,
  origins: ReadonlyMap<string, NodeOrigin>,
  sameSource: (before: string, after: string) => boolean,
): ReadonlySet<string> {
  const kept = new Set<string>();
  for (const { name, digest, source, input, beside } of transforms.values()) {
    const origin = origins.get(name);
    const stays =
      origin?.digest === digest &&
      [input, ...beside].every((node) => kept.has(node) || !transforms.has(node)) &&
      sameSource(origin.source, source);
    if (stays) kept.add(name);
  }
  return kept;
}

/** Transforms of `after` that begin anew where it takes the place of `before`, whatever streams there are. */
export function changedNodes(before: Pipeline, after: Pipeline): readonly string[] {
  const kept = keptNodes(after, before.transforms, (was, is) => {
    const [one, other] = [before.sources.get(was), after.sources.get(is)];
    const selected = ({ stream_type, select, labels }: NonNullable<typeof one>) => [
      stream_type,
      select,
      labels,
    ];
    return !!one && !!other && isDeepStrictEqual(selected(one), selected(other));
  });
  return [...after.transforms.keys()].filter((name) => !kept.has(name));
}
