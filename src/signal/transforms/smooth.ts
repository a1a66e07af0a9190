import { z } from 'zod';
import { featureTransform } from '../../core/component.js';
import { type FeatureSchema, type FeatureVector, featureName } from '../../core/features.js';
import type { FeatureProcessor, ResetCause } from '../../core/processor.js';
import type { Stateful } from '../../core/state.js';
import { observeWalk, unknownWalk, type WalkEstimate } from '../dsp/linear-dynamical-system.js';

const params = z.strictObject({
  method: z
    .enum(['lds', 'mean'])
    .default('lds')
    .describe('`lds`: linear dynamical system, causal; `mean`: mean of the last windows'),
  walk_per_s: z
    .number()
    .positive()
    .default(0.011)
    .describe(
      'variance that the state walks in a second, over the variance of an observation; the default follows with a time constant of 9.5 s at windows a second apart',
    ),
  windows: z.int().min(1).max(1000).default(5).describe('windows of `mean`'),
});
type Params = z.infer<typeof params>;

/** What is remembered of one feature. */
interface Memory {
  /** Session time of the last observation. */
  time: number | null;
  readonly walk: WalkEstimate;
  /** The last windows' values, oldest first; null where masked. */
  readonly recent: (number | null)[];
}

const untouched = (): Memory => ({ time: null, walk: unknownWalk(), recent: [] });

/** By `channel.feature`. */
type SmoothState = Readonly<Record<string, Memory>>;

class Smooth implements FeatureProcessor, Stateful<SmoothState> {
  /** By `channel.feature`: what is known outlives a change of layout. */
  readonly #memories = new Map<string, Memory>();
  #current: readonly Memory[] = [];

  constructor(readonly params: Params) {}

  reset(schema: FeatureSchema, cause: ResetCause): FeatureSchema {
    if (cause === 'start') this.#memories.clear();
    const names = schema.features.map(featureName);
    for (const name of names) if (!this.#memories.has(name)) this.#memories.set(name, untouched());
    this.#current = names.map((name) => this.#memories.get(name)!);
    return schema;
  }

  process(vector: FeatureVector): FeatureVector {
    const smoothed = this.params.method === 'lds' ? this.#follow : this.#average;
    const values = vector.values.map((x, i) =>
      smoothed.call(this, this.#current[i], vector.present[i] ? x : null, vector.time),
    );
    return { ...vector, values };
  }

  snapshot(): SmoothState {
    return Object.fromEntries(
      [...this.#memories].map(([name, { time, walk, recent }]) => [
        name,
        { time, walk: { ...walk }, recent: [...recent] },
      ]),
    );
  }

  restore(state: SmoothState): void {
    for (const [name, { time, walk, recent }] of Object.entries(state)) {
      const memory = this.#memories.get(name) ?? untouched();
      memory.time = time;
      Object.assign(memory.walk, walk);
      memory.recent.splice(0, memory.recent.length, ...recent);
      this.#memories.set(name, memory);
    }
  }

  #follow(memory: Memory, x: number | null, time: number): number {
    if (x === null) return Number.NaN;
    const elapsed_s = memory.time === null ? 0 : Math.max(0, time - memory.time);
    observeWalk(memory.walk, x, this.params.walk_per_s * elapsed_s, 1);
    memory.time = time;
    return memory.walk.mean;
  }

  #average({ recent }: Memory, x: number | null): number {
    recent.push(x);
    if (recent.length > this.params.windows) recent.shift();
    if (x === null) return Number.NaN;
    const measured = recent.filter((v) => v !== null);
    return measured.reduce((sum, v) => sum + v, 0) / measured.length;
  }
}

export const smooth = featureTransform<Params>({
  type: 'smooth',
  summary:
    'Smooths each feature causally: by a linear dynamical system (a random walk seen through noise; the first value is taken as it is, and the longer a feature was masked, the more its next value counts), or by the mean of the last windows. What is masked stays masked.',
  params,
  state: 1,
  create: (p) => new Smooth(p),
});
