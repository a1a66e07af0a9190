import type { ModelDefinition } from './definition.js';
import { hiMoe } from './hi-moe.js';

/** Every kind of model, by the `type` that manifests and pipeline files use. */
export const modelDefinitions: ReadonlyMap<string, ModelDefinition<unknown>> = new Map(
  // Settings go in only after the definition's own schema parsed them.
  [hiMoe as unknown as ModelDefinition<unknown>].map((definition) => [definition.type, definition]),
);
