import { z } from 'zod';
import { featureTransform } from '../../core/component.js';
import { type FeatureSchema, type FeatureVector, featureName } from '../../core/features.js';
import type { FeatureProcessor, ResetCause } from '../../core/processor.js';
import type { Stateful } from '../../core/state.js';

const params = z.strictObject({
  mode: z
    .enum(['zscore', 'center'])
    .default('zscore')
    .describe('`zscore`: minus the baseline mean, over its standard deviation; `center`: minus the mean'),
  half_life_s: z
    .number()
    .positive()
    .default(120)
    .describe('time in which the weight of past windows halves, s'),
  min_s: z.number().min(0).default(10).describe('measured time before a feature without a prior is given, s'),
  prior_sd: z
    .record(z.string(), z.number().positive())
    .optional()
    .describe(
      "within-person standard deviation expected of a feature, in the feature's unit, by `channel.feature`, by feature, or by the beginning of a feature's name; the longest fit counts",
    ),
  prior_s: z.number().positive().default(30).describe('measured time that prior_sd weighs as much as, s'),
});
type Params = z.infer<typeof params>;

/** A window stands for the time since the one before it, at most this much, s; the first one for `FIRST_S`. */
const LONGEST_S = 5;
const FIRST_S = 0.5;

/** A person's baseline of one feature. */
interface Baseline {
  /** Session time of the last measured value. */
  time: number | null;
  /** Decayed weight, s, and mean and sum of squared deviations under these weights. */
  weight: number;
  mean: number;
  spread: number;
  /** Measured time, s, not decayed. */
  measured: number;
}

const untouched = (): Baseline => ({ time: null, weight: 0, mean: 0, spread: 0, measured: 0 });

/** By `channel.feature`. */
type NormalizeState = Readonly<Record<string, Baseline>>;

/** Weighted incremental mean and variance (West 1979, doi:10.1145/359146.359153) with exponential forgetting. */
class Normalize implements FeatureProcessor, Stateful<NormalizeState> {
  /** By `channel.feature`: a baseline outlives a change of layout. */
  readonly #baselines = new Map<string, Baseline>();
  #current: readonly Baseline[] = [];
  #priors: readonly (number | null)[] = [];
  #schema: FeatureSchema = { features: [] };

  constructor(readonly params: Params) {}

  reset(schema: FeatureSchema, cause: ResetCause): FeatureSchema {
    if (cause === 'start') this.#baselines.clear();
    const names = schema.features.map(featureName);
    for (const name of names) if (!this.#baselines.has(name)) this.#baselines.set(name, untouched());
    this.#current = names.map((name) => this.#baselines.get(name)!);
    this.#priors = schema.features.map((f) => this.#priorOf(featureName(f), f.feature));
    const unit = this.params.mode === 'zscore' ? 'sd' : null;
    this.#schema = { features: schema.features.map((f) => (unit ? { ...f, unit } : f)) };
    return this.#schema;
  }

  process(vector: FeatureVector): FeatureVector {
    const values = new Float64Array(vector.values.length).fill(Number.NaN);
    const present = new Uint8Array(values.length);
    let measured = false;
    let any = false;
    for (let i = 0; i < values.length; i++) {
      if (!vector.present[i]) continue;
      measured = true;
      const x = vector.values[i];
      const baseline = this.#current[i];
      this.#learn(baseline, x, vector.time);
      const prior = this.#priors[i];
      if (prior === null && baseline.measured < this.params.min_s) continue;
      const y = this.#normalized(x, baseline, prior);
      if (!Number.isFinite(y)) continue;
      values[i] = y;
      present[i] = 1;
      any = true;
    }
    const reason = any ? null : (vector.reason ?? (measured ? 'warming-up' : 'nan'));
    return { ...vector, schema: this.#schema, values, present, reason };
  }

  snapshot(): NormalizeState {
    return Object.fromEntries([...this.#baselines].map(([name, baseline]) => [name, { ...baseline }]));
  }

  restore(state: NormalizeState): void {
    for (const [name, stored] of Object.entries(state)) {
      const baseline = this.#baselines.get(name) ?? untouched();
      this.#baselines.set(name, Object.assign(baseline, stored));
    }
  }

  #priorOf(name: string, feature: string): number | null {
    const { prior_sd = {} } = this.params;
    const fits = Object.keys(prior_sd)
      .filter((key) => name === key || feature.startsWith(key))
      .sort((a, b) => Number(b === name) - Number(a === name) || b.length - a.length);
    return fits.length > 0 ? prior_sd[fits[0]] : null;
  }

  #learn(b: Baseline, x: number, time: number): void {
    const elapsed = b.time === null ? FIRST_S : Math.max(0, time - b.time);
    const weight = Math.min(elapsed, LONGEST_S);
    const keep = Math.exp((-Math.LN2 * elapsed) / this.params.half_life_s);
    b.weight = b.weight * keep + weight;
    b.spread *= keep;
    b.measured += weight;
    b.time = time;
    if (b.weight === 0) return;
    const deviation = x - b.mean;
    b.mean += (deviation * weight) / b.weight;
    b.spread += weight * deviation * (x - b.mean);
  }

  #normalized(x: number, { mean, spread, weight }: Baseline, prior: number | null): number {
    const deviation = x - mean;
    if (this.params.mode === 'center') return deviation;
    const { prior_s } = this.params;
    const variance =
      prior === null ? spread / weight : (spread + prior_s * prior * prior) / (weight + prior_s);
    // A feature that has never moved is at its baseline, give or take the rounding of its mean.
    const rounding = 1e-12 * Math.max(1, Math.abs(mean));
    return Math.abs(deviation) <= rounding ? 0 : deviation / Math.sqrt(variance);
  }
}

export const normalize = featureTransform<Params>({
  type: 'normalize',
  summary:
    "Relates each feature to the person's own running baseline: an exponentially forgetting mean and standard deviation of what was measured so far. With an expected standard deviation (`prior_sd`) a feature is given from the first window on, otherwise after `min_s` of measured time. Masked values neither teach nor are given.",
  params,
  state: 1,
  create: (p) => new Normalize(p),
});
