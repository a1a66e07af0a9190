import { z } from 'zod';
import { type FeatureDefinition, type PhysicsProblem, windowTransform } from '../../core/component.js';
import { ConfigurationError } from '../../core/errors.js';
import type { FeatureSchema, FeatureVector, MaskReason } from '../../core/features.js';
import type { Extractor, ResetCause, SharedParts, Windower } from '../../core/processor.js';
import {
  type Chunk,
  channelOf,
  type Marker,
  type StreamInfo,
  TIME_TOLERANCE_S,
  type Window,
} from '../../core/signal.js';
import {
  restoreState,
  type Stateful,
  type StateVersion,
  type StoredState,
  storedState,
} from '../../core/state.js';
import { SlidingWindow, type SlidingWindowState } from '../dsp/sliding-window.js';
import { featureDefinitions } from '../features/registry.js';

const names = [...featureDefinitions.keys()] as [string, ...string[]];

/** `name`, or an object with `name` and the feature's own parameters. */
const feature = z.union([z.enum(names), ...[...featureDefinitions.values()].map(withName)], {
  error: `expected a feature, or an object with its name and parameters; features are ${names.join(', ')}`,
});

const params = z.strictObject({
  features: z
    .array(feature)
    .min(1)
    .describe(
      'feature extractors in the order of their values: names, or objects with `name` and parameters',
    ),
  window_s: z.number().positive().default(4).describe('window length, s'),
  hop_s: z.number().positive().default(0.5).describe('time between windows, s'),
  min_coverage: z
    .number()
    .min(0)
    .max(1)
    .default(0.5)
    .describe('a channel with a smaller usable share of the window (0..1) counts as missing'),
});
type Params = z.infer<typeof params>;
type Feature = Params['features'][number];

function withName(definition: FeatureDefinition): z.ZodType<{ name: string }> {
  const { params } = definition;
  if (!(params instanceof z.ZodObject)) throw new TypeError(`params of ${definition.name} is not an object`);
  return z.strictObject({ name: z.literal(definition.name), ...params.shape }) as unknown as z.ZodType<{
    name: string;
  }>;
}

function resolve(feature: Feature): { definition: FeatureDefinition; own: unknown } {
  const { name, ...own } = typeof feature === 'string' ? { name: feature } : feature;
  const definition = featureDefinitions.get(name);
  if (!definition) throw new ConfigurationError('feature-unknown', `unknown feature ${name}`);
  return { definition, own: definition.params.parse(own) };
}

/** Names of the extractors that a node of a pipeline lists; none where it is no `extract`. */
export function extractedNames({
  definition,
  params,
}: {
  readonly definition: { readonly type: string };
  readonly params: unknown;
}): string[] {
  return definition.type === extract.type
    ? (params as Params).features.map((f) => resolve(f).definition.name)
    : [];
}

/** Most markers that wait for a window that ends after them; what is told of one more is `samples-dropped`. */
const MAX_MARKS = 4096;

type ExtractState = {
  readonly sliding: SlidingWindowState | null;
  readonly begin: number;
  readonly marks: readonly Marker[];
  /** In the order of `features`; null of those that keep nothing. */
  readonly extractors: readonly StoredState[];
};

/** Extractors of one stream's layout, their values one after another. */
class Extract implements Windower<FeatureVector>, Stateful<ExtractState> {
  #sliding: SlidingWindow | null = null;
  #extractors: readonly Extractor[] = [];
  #definitions: readonly { readonly name: string; readonly version: StateVersion }[] = [];
  #schema: FeatureSchema = { features: [] };
  #missing = new Float64Array(0);
  /** Stamp of the stream's first usable sample, s. */
  #begin = Number.POSITIVE_INFINITY;
  #context_s = 0;
  /** Markers that no window has reached yet, for extractors that want them. */
  #marks: Marker[] = [];

  constructor(readonly params: Params) {}

  reset(info: StreamInfo, _cause: ResetCause): void {
    const { features, window_s } = this.params;
    this.#sliding = new SlidingWindow(info, window_s);
    const shared: SharedParts = new Map();
    const resolved = features.map(resolve);
    this.#definitions = resolved.map(({ definition: { name, state } }) => ({ name, version: state }));
    this.#extractors = resolved.map(({ definition, own }) => {
      if (!definition.streams.includes(info.type))
        throw new ConfigurationError(
          'feature-stream-mismatch',
          `${definition.name} reads ${definition.streams.join(', ')}, not the ${info.type} stream ${info.name}`,
        );
      return definition.create(info, own, window_s, shared);
    });
    this.#schema = { features: this.#extractors.flatMap((e) => e.descriptors) };
    this.#begin = Number.POSITIVE_INFINITY;
    this.#marks = [];
    this.#context_s = Math.max(window_s, ...this.#extractors.map((e) => e.context_s ?? 0));
  }

  push(chunk: Chunk): void {
    if (this.#begin === Number.POSITIVE_INFINITY) this.#begin = firstUsable(chunk);
    this.#sliding?.push(chunk);
  }

  mark(marker: Marker): boolean {
    if (!this.#extractors.some((e) => e.mark)) return true;
    if (this.#marks.length >= MAX_MARKS) return false;
    this.#marks.push(marker);
    return true;
  }

  close(time: number, isStale?: boolean): FeatureVector {
    const sliding = this.#sliding;
    if (!sliding) throw new Error('close() before reset()');
    if (this.#extractors.some((e) => e.push))
      for (const chunk of sliding.take(time)) for (const e of this.#extractors) e.push?.(chunk);
    if (this.#marks.length > 0) this.#giveMarks(time);

    const { window, reason } = sliding.at(time, isStale);
    const values = new Float64Array(this.#schema.features.length).fill(NaN);
    const present = new Uint8Array(values.length);
    let any = false;
    if (reason === null) {
      const usable = this.#withoutPoorChannels(window);
      let at = 0;
      for (const e of this.#extractors) {
        e.compute(usable, values.subarray(at, at + e.descriptors.length));
        at += e.descriptors.length;
      }
      for (let i = 0; i < values.length; i++) {
        if (Number.isFinite(values[i])) {
          present[i] = 1;
          any = true;
        } else values[i] = NaN;
      }
    }
    const live = reason === null || reason === 'warming-up';
    return {
      schema: this.#schema,
      values,
      present,
      time,
      window: [window.start, window.end],
      coverage: live ? mean(window.coverage) : 0,
      reason: any ? null : (reason ?? this.#whyEmpty(window)),
    };
  }

  snapshot(): ExtractState {
    return {
      sliding: this.#sliding?.snapshot() ?? null,
      begin: this.#begin,
      marks: [...this.#marks],
      extractors: this.#extractors.map((extractor, i) => storedState(this.#definitions[i], extractor)),
    };
  }

  restore({ sliding, begin, marks, extractors }: ExtractState): void {
    if (sliding) this.#sliding?.restore(sliding);
    this.#begin = begin;
    this.#marks = [...marks];
    for (const [i, extractor] of this.#extractors.entries())
      restoreState(this.#definitions[i], extractor, extractors[i]);
  }

  /** A marker counts in the windows that end after it, like a sample; of those at one time, the first to come is first. */
  #giveMarks(time: number): void {
    const isDue = (marker: Marker) => marker.time < time - TIME_TOLERANCE_S;
    for (const marker of this.#marks.filter(isDue).sort((a, b) => a.time - b.time))
      for (const e of this.#extractors) e.mark?.(marker);
    this.#marks = this.#marks.filter((marker) => !isDue(marker));
  }

  /** `window` with the channels below `min_coverage` all NaN. */
  #withoutPoorChannels(window: Window): Window {
    const { min_coverage } = this.params;
    if (window.coverage.every((share) => share >= min_coverage)) return window;
    if (this.#missing.length < window.length) this.#missing = new Float64Array(window.length).fill(NaN);
    const missing = this.#missing.subarray(0, window.length);
    return {
      ...window,
      channel: (c) => (window.coverage[c] >= min_coverage ? window.channel(c) : missing),
    };
  }

  /** Why nothing could be computed although the stream sends. */
  #whyEmpty(window: Window): MaskReason {
    const { coverage } = window;
    if (coverage.every((share) => share === 0)) return 'nan';
    // A filter that settles upstream leaves the window's beginning empty; a detector looks back further than the window.
    const from = Math.min(window.end - this.#context_s, window.times[0] ?? window.start);
    if (this.#begin > from + TIME_TOLERANCE_S) return 'warming-up';
    if (coverage.every((share) => share < this.params.min_coverage)) return 'low-coverage';
    if (window.gap) return 'gap';
    return coverage.every((_, c) => window.channel(c).some(isMissing)) ? 'low-coverage' : 'nan';
  }
}

function isMissing(x: number): boolean {
  return x - x !== 0;
}

/** Stamp of the first sample that any channel has, s; infinity where there is none. */
function firstUsable(chunk: Chunk): number {
  let first = Number.POSITIVE_INFINITY;
  for (let c = 0; c < chunk.info.channels.length; c++) {
    const at = channelOf(chunk, c).findIndex((x) => !isMissing(x));
    if (at >= 0) first = Math.min(first, chunk.times[at]);
  }
  return first;
}

function mean(values: Float32Array): number {
  let sum = 0;
  for (const value of values) sum += value;
  return values.length === 0 ? 0 : sum / values.length;
}

export const extract = windowTransform<Params>({
  type: 'extract',
  summary: 'Features of sliding windows of one stream.',
  params,
  state: 1,
  produces: 'features',
  timing: ({ window_s, hop_s }) => ({ window_s, hop_s }),
  physics({ features, window_s, hop_s }, upstream) {
    const problems: PhysicsProblem[] = [];
    if (hop_s > window_s)
      problems.push({ path: ['hop_s'], message: `hop_s ${hop_s} is longer than window_s ${window_s}` });
    for (const [i, f] of features.entries()) {
      const { definition, own } = resolve(f);
      const type = upstream.stream_type;
      if (type && !definition.streams.includes(type))
        problems.push({
          path: ['features', i],
          message: `${definition.name} reads ${definition.streams.join(', ')}, but its input is ${type}`,
        });
      for (const p of definition.physics?.(own, { ...upstream, window_s }) ?? [])
        problems.push({ path: ['features', i, ...p.path], message: p.message });
    }
    return problems;
  },
  create: (p) => new Extract(p),
});
