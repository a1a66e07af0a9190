import type { Graph } from './graph.js';

/**
 * Weighs modalities by how their embeddings agree with a learnt query, softmax over those that are present:
 * weights_m = softmax_m(scale <z_m, q>), fused = sum_m weights_m z_m. After ATAM, Eq. 10 (attention weights), Eq. 11
 * (attention fusion); Hi-MoE, Eq. 4 (fusion).
 *
 * @param embeddings M of [B, d]
 * @param presence [B, M]
 * @param query parameter [d, 1]
 */
export function attentionFusion<T>(
  g: Graph<T>,
  embeddings: readonly T[],
  presence: T,
  width: number,
  query: string,
  scale: number,
): { readonly fused: T; readonly weights: T } {
  const count = embeddings.length;
  const stacked = g.reshape(g.concat(embeddings, 1), [count, width]);
  const scores = g.reshape(g.product(g.reshape(stacked, [width]), query), [count]);
  // -1e9 underflows to exactly 0 in the softmax; the product keeps it 0 where nothing at all is present.
  const masked = g.add(g.scale(scores, scale), g.scale(presence, 1e9, -1e9));
  const weights = g.multiply(g.softmax(masked), presence);
  const fused = g.sum(g.multiply(stacked, g.reshape(weights, [count, 1])), 1);
  return { fused, weights };
}
