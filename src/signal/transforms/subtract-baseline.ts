import { z } from 'zod';
import { featureTransform } from '../../core/component.js';
import { type FeatureSchema, type FeatureVector, featureName } from '../../core/features.js';
import type { FeatureProcessor, ResetCause } from '../../core/processor.js';
import { TIME_TOLERANCE_S } from '../../core/signal.js';
import type { Stateful } from '../../core/state.js';

const params = z.strictObject({
  from_s: z.number().min(0).default(0).describe('session time at which the baseline begins, s'),
  span_s: z
    .number()
    .positive()
    .default(30)
    .describe('length of the baseline, s; windows that close in it, its end included, count'),
});
type Params = z.infer<typeof params>;

/** Mean of one feature over the baseline. */
interface Rest {
  count: number;
  mean: number;
}

/** By `channel.feature`. */
type SubtractBaselineState = Readonly<Record<string, Rest>>;

class SubtractBaseline implements FeatureProcessor, Stateful<SubtractBaselineState> {
  /** By `channel.feature`: a baseline outlives a change of layout. */
  readonly #rests = new Map<string, Rest>();
  #current: readonly Rest[] = [];

  constructor(readonly params: Params) {}

  reset(schema: FeatureSchema, cause: ResetCause): FeatureSchema {
    if (cause === 'start') this.#rests.clear();
    const names = schema.features.map(featureName);
    for (const name of names) if (!this.#rests.has(name)) this.#rests.set(name, { count: 0, mean: 0 });
    this.#current = names.map((name) => this.#rests.get(name)!);
    return schema;
  }

  process(vector: FeatureVector): FeatureVector {
    const { from_s, span_s } = this.params;
    const after = vector.time > from_s + span_s + TIME_TOLERANCE_S;
    const values = new Float64Array(vector.values.length).fill(Number.NaN);
    const present = new Uint8Array(values.length);
    for (const [i, rest] of this.#current.entries()) {
      if (!vector.present[i]) continue;
      if (after && rest.count > 0) {
        values[i] = vector.values[i] - rest.mean;
        present[i] = 1;
      } else if (!after && vector.time > from_s + TIME_TOLERANCE_S) {
        rest.count++;
        rest.mean += (vector.values[i] - rest.mean) / rest.count;
      }
    }
    const measured = vector.present.includes(1);
    const reason = present.includes(1) ? null : (vector.reason ?? (measured ? 'warming-up' : 'nan'));
    return { ...vector, values, present, reason };
  }

  snapshot(): SubtractBaselineState {
    return Object.fromEntries([...this.#rests].map(([name, rest]) => [name, { ...rest }]));
  }

  restore(state: SubtractBaselineState): void {
    for (const [name, stored] of Object.entries(state)) {
      const rest = this.#rests.get(name) ?? { count: 0, mean: 0 };
      this.#rests.set(name, Object.assign(rest, stored));
    }
  }
}

export const subtractBaseline = featureTransform<Params>({
  type: 'subtract-baseline',
  summary:
    "Subtracts each feature's mean over a stretch of rest at a known place in the session. Features are masked until that stretch is over, and those that were never measured in it stay masked. Where no rest is known, use `normalize` with mode `center`.",
  params,
  state: 1,
  create: (p) => new SubtractBaseline(p),
});
