import type { SourceNode } from '../file/pipeline.js';
import { specificity } from '../file/stream-selector.js';

/** Sources that ask for the same; they are fed by the same. */
export interface Claim {
  readonly key: string;
  readonly sources: SourceNode[];
}

/** Those who ask for more come first, then in the order of the file. */
export function claimsOf(sources: Iterable<SourceNode>): readonly Claim[] {
  const claims = new Map<string, Claim>();
  for (const source of sources) {
    const { name, source_id, hostname, has_labels } = source.select;
    const labels = has_labels && [...new Set(has_labels)].sort();
    const key = JSON.stringify([source.stream_type, name, source_id, hostname, labels]);
    const claim = claims.get(key);
    if (claim) claim.sources.push(source);
    else claims.set(key, { key, sources: [source] });
  }
  return [...claims.values()].sort((a, b) => specificity(b.sources[0]) - specificity(a.sources[0]));
}
