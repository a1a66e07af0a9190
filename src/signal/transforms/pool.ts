import { z } from 'zod';
import { featureTransform } from '../../core/component.js';
import type { FeatureDescriptor, FeatureSchema, FeatureVector } from '../../core/features.js';
import type { FeatureProcessor } from '../../core/processor.js';
import { regionOf, regions } from '../montage/regions.js';

const params = z.strictObject({});
type Params = z.infer<typeof params>;

class Pool implements FeatureProcessor {
  #schema: FeatureSchema = { features: [] };
  /** Input indices of each output. */
  #members: readonly (readonly number[])[] = [];

  reset(schema: FeatureSchema): FeatureSchema {
    const kinds = new Map<string, FeatureDescriptor>();
    for (const f of schema.features) if (!kinds.has(f.feature)) kinds.set(f.feature, f);
    const places = schema.features.map((f) => regionOf(f.channel));
    const features: FeatureDescriptor[] = [];
    const members: number[][] = [];
    for (const region of regions)
      for (const { feature, unit } of kinds.values()) {
        features.push({ channel: region, feature, unit });
        members.push(
          schema.features.flatMap((f, i) =>
            places[i] === region && f.feature === feature && f.unit === unit ? [i] : [],
          ),
        );
      }
    this.#members = members;
    this.#schema = { features };
    return this.#schema;
  }

  process(vector: FeatureVector): FeatureVector {
    const values = new Float64Array(this.#members.length).fill(Number.NaN);
    const present = new Uint8Array(this.#members.length);
    let mapped = false;
    let any = false;
    for (const [i, members] of this.#members.entries()) {
      let sum = 0;
      let count = 0;
      for (const m of members) {
        if (!vector.present[m]) continue;
        sum += vector.values[m];
        count++;
      }
      mapped ||= members.length > 0;
      if (count === 0) continue;
      values[i] = sum / count;
      present[i] = 1;
      any = true;
    }
    const reason = any ? null : (vector.reason ?? (mapped ? 'nan' : 'unlabelled'));
    return { ...vector, schema: this.#schema, values, present, reason };
  }
}

export const pool = featureTransform<Params>({
  type: 'pool',
  summary:
    'Means of EEG features over scalp regions by 10-20, 10-10 and 10-5 channel labels. A region without a measured channel is masked; channels that name no electrode are left out, and where no channel names one, all is masked with the reason `unlabelled`.',
  params,
  state: 'none',
  create: () => new Pool(),
});
