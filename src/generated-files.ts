import { protocolFiles } from './io/protocol/reference.js';
import { papersReference } from './learn/papers/reference.js';
import { generatedPipelineFiles } from './pipeline/reference/generated-files.js';
import { faultsReference } from './simulation/fault-reference.js';

/** Files of the repository that are made from the code: path from its root to content. A test holds them equal. */
export function generatedFiles(): ReadonlyMap<string, string> {
  return new Map([
    ...generatedPipelineFiles(),
    ...protocolFiles(),
    ['docs/reference/papers.md', papersReference()],
    ['docs/reference/faults.md', faultsReference()],
  ]);
}
