import { z } from 'zod';
import { featureTransform } from '../../core/component.js';
import type { FeatureSchema, FeatureVector } from '../../core/features.js';
import type { FeatureProcessor } from '../../core/processor.js';

const params = z.strictObject({
  motion: z
    .string()
    .min(1)
    .describe('extract node with the feature `motion`, whose windows close at the same times'),
  most_g: z
    .number()
    .positive()
    .default(0.1)
    .describe('largest standard deviation of the magnitude of acceleration that passes, g'),
});
type Params = z.infer<typeof params>;

const FEATURE = 'acc_sd';

class MaskMotion implements FeatureProcessor {
  #movedAt = Number.NaN;

  constructor(readonly params: Params) {}

  reset(schema: FeatureSchema): FeatureSchema {
    return schema;
  }

  beside({ schema, values, present, time }: FeatureVector): void {
    const at = schema.features.findIndex(({ feature }) => feature === FEATURE);
    if (present[at] && values[at] > this.params.most_g) this.#movedAt = time;
  }

  process(vector: FeatureVector): FeatureVector {
    if (vector.time !== this.#movedAt || !vector.present.includes(1)) return vector;
    const values = new Float64Array(vector.values.length).fill(Number.NaN);
    return { ...vector, values, present: new Uint8Array(values.length), reason: 'motion' };
  }
}

export const maskMotion = featureTransform<Params>({
  type: 'mask-motion',
  summary:
    'Masks a window of features while the body moves: pulse waves and skin conductance of a hand that moves are those of the movement. Where motion is not known, everything passes.',
  params,
  state: 'none',
  beside: { param: 'motion', feature: 'motion' },
  create: (p) => new MaskMotion(p),
});
