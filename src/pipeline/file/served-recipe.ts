import { z } from 'zod';
import type { ModelNode, Pipeline } from './pipeline.js';

/**
 * What of a pipeline decides the frames that a model gets, from the source's selector on. Names of nodes, the door that
 * samples come through, and nodes that feed something else are left out.
 */
export const servedRecipeSchema = z.strictObject({
  window_s: z.number(),
  hop_s: z.number(),
  modalities: z.record(
    z.string(),
    z.strictObject({
      transforms: z.string().describe('Digest of the nodes that serve the modality.'),
      sources: z.array(
        z.strictObject({
          stream_type: z.string(),
          labels: z.array(z.string()).nullable().describe("Labels that replace the stream's."),
        }),
      ),
    }),
  ),
});
export type ServedRecipe = z.infer<typeof servedRecipeSchema>;

export function servedRecipe(pipeline: Pipeline, { join }: ModelNode): ServedRecipe {
  return {
    window_s: join.window_s,
    hop_s: join.hop_s,
    modalities: Object.fromEntries(
      [...join.inputs].map(([modality, nodes]) => [
        modality,
        {
          transforms: join.digests.get(modality) ?? '',
          sources: sourcesOf(pipeline, nodes).map((name) => {
            const { stream_type, labels } = pipeline.sources.get(name)!;
            return { stream_type, labels: labels && [...labels] };
          }),
        },
      ]),
    ),
  };
}

/** Names of the sources that feed nodes, in the nodes' order. */
export function sourcesOf({ sources, transforms }: Pipeline, nodes: readonly string[]): string[] {
  return nodes.map((node) => transforms.get(node)?.source ?? node).filter((name) => sources.has(name));
}
