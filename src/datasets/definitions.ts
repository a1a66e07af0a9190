import type { DatasetDefinition } from './dataset.js';
import { simulatedFeatures } from './simulated-features.js';

const definitions: readonly DatasetDefinition<unknown>[] = [simulatedFeatures];

/** Every kind of data set, by name. */
export const datasetDefinitions: ReadonlyMap<string, DatasetDefinition<unknown>> = new Map(
  definitions.map((definition) => [definition.kind, definition]),
);
