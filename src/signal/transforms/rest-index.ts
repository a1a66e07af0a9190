import { z } from 'zod';
import { BASELINE_END, BASELINE_START } from '../../core/baseline.js';
import { featureTransform } from '../../core/component.js';
import {
  type FeatureSchema,
  type FeatureVector,
  featureName,
  type IndexReason,
} from '../../core/features.js';
import type { FeatureProcessor, ResetCause } from '../../core/processor.js';
import { type Marker, TIME_TOLERANCE_S } from '../../core/signal.js';
import type { Stateful } from '../../core/state.js';

const params = z
  .strictObject({
    from_s: z
      .number()
      .min(0)
      .default(0)
      .describe('where the rest begins: session time, s, or with from_marker the time after it'),
    span_s: z
      .number()
      .min(5)
      .default(60)
      .describe('length of the rest, s; with to_marker the longest it may be'),
    from_marker: z.string().min(1).optional().describe('the rest begins at the first marker of this text'),
    to_marker: z
      .string()
      .min(1)
      .optional()
      .describe('the rest ends at the first marker of this text after its beginning'),
    least_share: z
      .number()
      .gt(0)
      .max(1)
      .default(0.5)
      .describe('share of the windows of the rest in which a feature must have been measured, 0..1'),
    least_sd: z
      .record(z.string(), z.number().positive())
      .optional()
      .describe(
        "smallest standard deviation that counts, in the feature's unit, by the beginning of the feature's name, the longest fit first; a feature that never varied in the rest is masked without it",
      ),
    features: z
      .array(z.string().min(1))
      .min(1)
      .optional()
      .describe(
        "features to relate, by `channel.feature` or by the beginning of the feature's name; default all",
      ),
  })
  .refine((p) => p.to_marker === undefined || p.from_marker !== p.to_marker, {
    message: 'from_marker and to_marker are the same',
    path: ['to_marker'],
  });
type Params = z.infer<typeof params>;

/** Fewer windows than this say nothing of how much a feature varies. */
const LEAST_WINDOWS = 4;

/** One feature over the rest: count, mean, sum of squared deviations (Welford 1962). */
interface Rest {
  count: number;
  mean: number;
  spread: number;
}

/** Where the rest lies, as far as it is known; one that has begun without a known end lasts until {@link BASELINE_END}. */
interface Stretch {
  begin: number | null;
  end: number | null;
  /** Windows closed in it, measured or not. */
  windows: number;
}

type RestIndexState = { readonly stretch: Stretch; readonly rests: Readonly<Record<string, Rest>> };

class RestIndex implements FeatureProcessor, Stateful<RestIndexState> {
  /** By `channel.feature`: what was learnt at rest outlives a change of layout. */
  readonly #rests = new Map<string, Rest>();
  #stretch: Stretch;
  #chosen: readonly { readonly at: number; readonly rest: Rest; readonly least_sd: number }[] = [];
  #schema: FeatureSchema = { features: [] };

  constructor(readonly params: Params) {
    this.#stretch = this.#untold();
  }

  reset(schema: FeatureSchema, cause: ResetCause): FeatureSchema {
    if (cause === 'start') {
      this.#rests.clear();
      this.#stretch = this.#untold();
    }
    this.#chosen = schema.features.flatMap((feature, at) => {
      const name = featureName(feature);
      if (!this.#wants(name, feature.feature)) return [];
      const rest = this.#rests.get(name) ?? { count: 0, mean: 0, spread: 0 };
      this.#rests.set(name, rest);
      return [{ at, rest, least_sd: this.#leastSd(feature.feature) }];
    });
    this.#schema = { features: this.#chosen.map(({ at }) => ({ ...schema.features[at], unit: 'sd' })) };
    return this.#schema;
  }

  mark({ time, value }: Marker): void {
    const { from_s, span_s, from_marker, to_marker } = this.params;
    const stretch = this.#stretch;
    if (value === BASELINE_START) this.#rest(time);
    else if (isTold(stretch)) {
      if (value === BASELINE_END) this.#stretch = { ...stretch, end: Math.max(time, stretch.begin) };
    } else if (stretch.begin === null && value === from_marker) {
      stretch.begin = time + from_s;
      stretch.end = stretch.begin + span_s;
    } else if (stretch.begin !== null && value === to_marker && time >= stretch.begin)
      stretch.end = Math.min(stretch.end ?? time, time);
  }

  process(vector: FeatureVector): FeatureVector {
    const { begin, end } = this.#stretch;
    const inRest =
      begin !== null &&
      vector.time > begin + TIME_TOLERANCE_S &&
      vector.time <= (end ?? Number.POSITIVE_INFINITY) + TIME_TOLERANCE_S;
    const over = end !== null && vector.time > end + TIME_TOLERANCE_S;
    if (inRest) this.#stretch.windows++;
    const values = new Float64Array(this.#chosen.length).fill(Number.NaN);
    const present = new Uint8Array(values.length);
    const reasons = this.#chosen.map(({ at, rest, least_sd }, i): IndexReason | null => {
      const measured = vector.present[at] === 1;
      if (inRest && measured) learn(rest, vector.values[at]);
      if (!over) return 'resting';
      if (!measured) return vector.reason ?? 'nan';
      const enough = Math.max(LEAST_WINDOWS, this.params.least_share * this.#stretch.windows);
      const sd = Math.max(least_sd, Math.sqrt(rest.spread / rest.count));
      if (rest.count < enough || !(sd > ROUNDING * Math.abs(rest.mean))) return 'rest-unknown';
      values[i] = (vector.values[at] - rest.mean) / sd;
      present[i] = 1;
      return null;
    });
    const measured = vector.present.includes(1);
    const reason = present.includes(1) ? null : (vector.reason ?? (measured ? 'warming-up' : 'nan'));
    return { ...vector, schema: this.#schema, values, present, reason, reasons };
  }

  snapshot(): RestIndexState {
    const rests = Object.fromEntries([...this.#rests].map(([name, rest]) => [name, { ...rest }]));
    return { stretch: { ...this.#stretch }, rests };
  }

  restore({ stretch, rests }: RestIndexState): void {
    this.#stretch = { ...stretch };
    for (const [name, own] of Object.entries(rests)) {
      const rest = this.#rests.get(name);
      if (rest) Object.assign(rest, own);
      else this.#rests.set(name, { ...own });
    }
  }

  /** Forgets what was learnt; a rest begins at `time` that somebody ends. */
  #rest(time: number): void {
    for (const rest of this.#rests.values()) Object.assign(rest, { count: 0, mean: 0, spread: 0 });
    this.#stretch = { begin: time, end: null, windows: 0 };
  }

  #untold(): Stretch {
    const { from_s, span_s, from_marker } = this.params;
    return from_marker === undefined
      ? { begin: from_s, end: from_s + span_s, windows: 0 }
      : { begin: null, end: null, windows: 0 };
  }

  #wants(name: string, feature: string): boolean {
    return this.params.features?.some((wanted) => name === wanted || feature.startsWith(wanted)) ?? true;
  }

  #leastSd(feature: string): number {
    const { least_sd = {} } = this.params;
    const fits = Object.keys(least_sd)
      .filter((key) => feature.startsWith(key))
      .sort((a, b) => b.length - a.length);
    return fits.length > 0 ? least_sd[fits[0]] : 0;
  }
}

/** Whether somebody began the rest and hasn't ended it. */
const isTold = (stretch: Stretch): stretch is Stretch & { begin: number; end: null } =>
  stretch.begin !== null && stretch.end === null;

/** A spread below this share of the mean is rounding. */
const ROUNDING = 1e-12;

function learn(rest: Rest, x: number): void {
  rest.count++;
  const deviation = x - rest.mean;
  rest.mean += deviation / rest.count;
  rest.spread += deviation * (x - rest.mean);
}

export const restIndex = featureTransform<Params>({
  type: 'rest-index',
  summary:
    "Relates each feature to this person's own rest: minus its mean, over its standard deviation (ddof 0), of the windows that close in a stretch at a known place in the session or between two markers. A marker `baseline:start`, of whatever stream, begins another rest, which lasts until `baseline:end`: the call `baseline` sets them. Needs no model. Nothing is given before the rest is over. What it gives goes out on the stream `indices`, too.",
  params,
  state: 1,
  publishes: 'indices',
  baselineSince: (state) => {
    const { stretch } = state as RestIndexState;
    return isTold(stretch) ? stretch.begin : null;
  },
  create: (p) => new RestIndex(p),
});
