import type { z } from 'zod';
import type { FeatureVector } from './features.js';
import type {
  ChunkProcessor,
  Extractor,
  FeatureProcessor,
  RawWindow,
  SharedParts,
  Windower,
} from './processor.js';
import type { StreamInfo, StreamType } from './signal.js';
import type { StateVersion } from './state.js';

/** What is known of a stream when a pipeline file is checked, before any data. */
export interface UpstreamFacts {
  readonly stream_type?: StreamType;
  /** Nominal rate, Hz, when the file determines it. */
  readonly sfreq_hz?: number;
}

/** A value that is wrong for physical reasons: a band edge above Nyquist, a window shorter than its hop. */
export interface PhysicsProblem {
  /** Key of the parameter that is wrong, as a path inside the node. */
  readonly path: readonly (string | number)[];
  readonly message: string;
}

interface ComponentBase<Params> {
  /** The `type` in a pipeline file; equal to the file's name. */
  readonly type: string;
  /** One sentence for the generated reference. */
  readonly summary: string;
  /** Strict schema of the node's own keys (without `type` and `input`); every key has a `.describe()` with its unit. */
  readonly params: z.ZodType<Params>;
  /** Of what `create` makes; `none` where that keeps nothing from one call, or one window, to the next. */
  readonly state: StateVersion;
  physics?(params: Params, upstream: UpstreamFacts): PhysicsProblem[];
}

export interface ChunkTransform<Params = unknown> extends ComponentBase<Params> {
  readonly kind: 'chunk';
  /** Facts of the output, for checks further down. */
  facts?(params: Params, upstream: UpstreamFacts): UpstreamFacts;
  create(params: Params): ChunkProcessor;
}

export interface WindowTransform<Params = unknown> extends ComponentBase<Params> {
  readonly kind: 'window';
  readonly produces: 'features' | 'window';
  /** Window length and hop, s. */
  timing(params: Params): { window_s: number; hop_s: number };
  create(params: Params): Windower<FeatureVector> | Windower<RawWindow>;
}

export interface FeatureTransform<Params = unknown> extends ComponentBase<Params> {
  readonly kind: 'features';
  /** The output stream on which what it gives goes out, beside its use in the graph. */
  readonly publishes?: 'indices';
  /**
   * Of a node that learns a person's rest between the markers `BASELINE_START` and `BASELINE_END`: the session time at which the rest
   * began that it is learning, by its state, s; null: none that a marker began.
   */
  readonly baselineSince?: (state: unknown) => number | null;
  /**
   * The parameter that names another extract node, or several, whose vectors {@link FeatureProcessor.beside} gets, and the
   * feature that they must list.
   */
  readonly beside?: { readonly param: keyof Params & string; readonly feature: string };
  create(params: Params): FeatureProcessor;
}

/** Joins several inputs onto one hop grid; the topology runs it. */
export interface JoinTransform<Params = unknown> extends ComponentBase<Params> {
  readonly kind: 'join';
}

export type TransformDefinition<Params = never> =
  | ChunkTransform<Params>
  | WindowTransform<Params>
  | FeatureTransform<Params>
  | JoinTransform<Params>;

/** A feature extractor: what `extract` can list under `features`. */
export interface FeatureDefinition<Params = unknown> {
  /** Equal to the file's name. */
  readonly name: string;
  readonly summary: string;
  /** Paper section or specification that the formula comes from. */
  readonly source: string;
  readonly params: z.ZodType<Params>;
  /** Stream types that the extractor understands. */
  readonly streams: readonly StreamType[];
  /** Of what `create` makes; `none` where that keeps nothing from one window to the next. */
  readonly state: StateVersion;
  physics?(params: Params, upstream: UpstreamFacts & { window_s: number }): PhysicsProblem[];
  /** `window_s`, s: the extract node's window. `shared`: one for the extractors that get the same chunks, in order. */
  create(info: StreamInfo, params: Params, window_s: number, shared?: SharedParts): Extractor;
}

/** Type-safe way to write a definition: `export const bandpass = chunkTransform({...})`. */
export const chunkTransform = <P>(d: Omit<ChunkTransform<P>, 'kind'>): ChunkTransform<P> => ({
  kind: 'chunk',
  ...d,
});
export const windowTransform = <P>(d: Omit<WindowTransform<P>, 'kind'>): WindowTransform<P> => ({
  kind: 'window',
  ...d,
});
export const featureTransform = <P>(d: Omit<FeatureTransform<P>, 'kind'>): FeatureTransform<P> => ({
  kind: 'features',
  ...d,
});
export const joinTransform = <P>(d: Omit<JoinTransform<P>, 'kind'>): JoinTransform<P> => ({
  kind: 'join',
  ...d,
});
export const featureDefinition = <P>(d: FeatureDefinition<P>): FeatureDefinition<P> => d;
