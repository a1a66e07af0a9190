import type { DatasetDefinition } from './dataset.js';

/** Every kind of data set, by name. */
export const datasetDefinitions: ReadonlyMap<string, DatasetDefinition<unknown>> = new Map();
