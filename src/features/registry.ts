import type { FeatureDefinition } from '../core/component.js';
import { differentialEntropy } from './differential-entropy.js';

// A definition is stored without its parameter type: the schema that it carries is what checks the parameters.
const definitions = [differentialEntropy] as unknown as readonly FeatureDefinition[];

/** Every feature extractor by name: what `extract` can list under `features`. */
export const featureDefinitions: ReadonlyMap<string, FeatureDefinition> = new Map(
  definitions.map((definition) => [definition.name, definition]),
);
