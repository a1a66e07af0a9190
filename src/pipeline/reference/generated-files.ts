import { featureReference } from './feature-reference.js';
import { pipelineJsonSchema } from './pipeline-json-schema.js';
import { pipelineReference } from './pipeline-reference.js';

/** Files of the repository that are made from the pipeline's components: path from the root to content. */
export function generatedPipelineFiles(): ReadonlyMap<string, string> {
  return new Map([
    ['schema/pipeline.schema.json', `${JSON.stringify(pipelineJsonSchema(), null, 2)}\n`],
    ['docs/reference/pipeline.md', pipelineReference()],
    ['docs/reference/features.md', featureReference()],
  ]);
}
