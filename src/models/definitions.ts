import { atam } from './atam.js';
import type { ModelDefinition } from './definition.js';
import { hiMoe } from './hi-moe.js';
import { prnet } from './prnet.js';

/** Every kind of model, by the `type` that manifests and pipeline files use. */
export const modelDefinitions: ReadonlyMap<string, ModelDefinition<unknown>> = new Map(
  // Settings go in only after the definition's own schema parsed them.
  [atam, hiMoe, prnet].map((definition) => [
    definition.type,
    definition as unknown as ModelDefinition<unknown>,
  ]),
);
