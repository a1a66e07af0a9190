import { z } from 'zod';
import { featureTransform } from '../../core/component.js';
import type { FeatureSchema, FeatureVector } from '../../core/features.js';
import type { FeatureProcessor } from '../../core/processor.js';

const params = z.strictObject({
  signs: z
    .union([z.string().min(1), z.array(z.string().min(1)).min(1)])
    .describe(
      'extract nodes with the feature `physiological`, whose windows close at the same times: of the same sensor, and of others that the same body wears',
    ),
});
type Params = z.infer<typeof params>;

const FEATURE = 'physiological';

class MaskNoise implements FeatureProcessor {
  #time = Number.NaN;
  #isNoise = false;
  #isBody = false;

  reset(schema: FeatureSchema): FeatureSchema {
    return schema;
  }

  beside({ schema, values, present, time }: FeatureVector): void {
    if (time !== this.#time) {
      this.#time = time;
      this.#isNoise = false;
      this.#isBody = false;
    }
    const at = schema.features.findIndex(({ feature }) => feature === FEATURE);
    if (!present[at]) return;
    if (values[at] > 0) this.#isBody = true;
    else this.#isNoise = true;
  }

  process(vector: FeatureVector): FeatureVector {
    const isNoise = vector.time === this.#time && this.#isNoise && !this.#isBody;
    if (!isNoise) return vector;
    const values = new Float64Array(vector.values.length).fill(Number.NaN);
    return { ...vector, values, present: new Uint8Array(values.length), reason: 'not-physiological' };
  }
}

export const maskNoise = featureTransform<Params>({
  type: 'mask-noise',
  summary:
    'Masks a window of features whose signal is not one that a body gives: one of the sensors named can’t be told from noise, and none shows signs of a body. Where none of them says anything, everything passes.',
  params,
  state: 'none',
  beside: { param: 'signs', feature: FEATURE },
  create: () => new MaskNoise(),
});
