import type { FeatureSchema, FeatureVector } from '../../../src/core/features.js';

export function schemaOf(names: readonly string[], unit = 'nat'): FeatureSchema {
  return {
    features: names.map((name) => {
      const dot = name.indexOf('.');
      return { channel: name.slice(0, dot), feature: name.slice(dot + 1), unit };
    }),
  };
}

/** null = masked. */
export function vectorOf(
  schema: FeatureSchema,
  values: readonly (number | null)[],
  time: number,
  reason: FeatureVector['reason'] = null,
): FeatureVector {
  return {
    schema,
    values: Float64Array.from(values, (v) => v ?? Number.NaN),
    present: Uint8Array.from(values, (v) => (v === null ? 0 : 1)),
    time,
    window: [time - 4, time],
    coverage: 1,
    reason,
  };
}
