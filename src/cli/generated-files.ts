import { papersReference } from '../papers/reference.js';
import { protocolFiles } from '../protocol/reference.js';
import { generatedPipelineFiles } from '../topology/generated-files.js';

/** Files of the repository that are made from the code: path from its root to content. A test holds them equal. */
export function generatedFiles(): ReadonlyMap<string, string> {
  return new Map([
    ...generatedPipelineFiles(),
    ...protocolFiles(),
    ['docs/reference/papers.md', papersReference()],
  ]);
}
