import type { Seconds } from './clock.js';
import type { FeatureDescriptor, FeatureSchema, FeatureVector, MaskReason } from './features.js';
import type { Chunk, Marker, StreamInfo, Window } from './signal.js';
import type { Stateful } from './state.js';

/** `gap`: samples are missing before what comes next; `layout`: channels or rate changed. */
export type ResetCause = 'start' | 'layout' | 'gap';

/**
 * A streaming algorithm on chunks: synchronous, without clock, I/O or RxJS. The output must not depend on
 * how samples are cut into chunks (`assertChunkInvariant` in src/testing proves it). What it learns is {@link Stateful}, to
 * be restored after {@link reset} for the same layout; so it is of windowers, extractors (made anew) and feature processors.
 */
export interface ChunkProcessor extends Partial<Stateful> {
  /** Allocates for `info` and returns the info of what will be emitted. Called before the first chunk and when the layout changes. */
  reset(info: StreamInfo, cause: ResetCause): StreamInfo;
  /** A chunk with `gapBefore` resets filter memory by itself. Input arrays must not be kept or written to. */
  process(chunk: Chunk, emit: (chunk: Chunk) => void): void;
}

/** Collects one stream's chunks and gives an output for each closing time. */
export interface Windower<Out> extends Partial<Stateful> {
  reset(info: StreamInfo, cause: ResetCause): void;
  push(chunk: Chunk): void;
  /**
   * Sees the session's markers, of whichever stream, as they come; their times are those of the chunks. False: it has no room for
   * the marker, as too many wait for windows that end after them.
   */
  mark?(marker: Marker): boolean;
  /**
   * The output at `time`: a function of the samples with t < `time` alone, whatever was pushed beyond. `isStale`: whether the session
   * holds the stream to be stale; what has not come of one that it doesn't is on its way. Default: stamps alone decide.
   */
  close(time: Seconds, isStale?: boolean): Out;
}

/** A raw window copied out for a model: what a {@link Windower} of kind `window` gives. */
export interface RawWindow {
  readonly info: StreamInfo;
  readonly time: Seconds;
  readonly window: readonly [start: Seconds, end: Seconds];
  /** Channel-major [C, length]; NaN = missing. */
  readonly data: Float64Array;
  readonly length: number;
  readonly coverage: Float32Array;
  readonly gap: boolean;
  /** Why the whole window is masked, or null. */
  readonly reason: MaskReason | null;
}

/** A streaming algorithm on feature vectors. */
export interface FeatureProcessor extends Partial<Stateful> {
  reset(schema: FeatureSchema, cause: ResetCause): FeatureSchema;
  /** A marker on the session clock; those before a window's end come before it. */
  mark?(marker: Marker): void;
  /** The vector of another node that closed at the same time, before {@link process} gets its own; of several in their order. */
  beside?(vector: FeatureVector): void;
  process(vector: FeatureVector): FeatureVector;
}

/**
 * What extractors of one stream do together, by name: made anew with them for every layout. A part belongs to the
 * extractor that made it, which feeds and stores it.
 */
export type SharedParts = Map<string, unknown>;

/** Computes features of one stream at closing times; made anew for every stream layout. */
export interface Extractor extends Partial<Stateful> {
  readonly descriptors: readonly FeatureDescriptor[];
  /** Trailing time that its values rest on where that is longer than the window, s. */
  readonly context_s?: Seconds;
  /** Sees every sample once, in order, before the first {@link compute} whose window ends after it: for detectors with state. */
  push?(chunk: Chunk): void;
  /** Sees the session's markers before the first {@link compute} whose window ends after them, after the samples of that window. */
  mark?(marker: Marker): void;
  /** Writes `descriptors.length` values to `out`; NaN = masked. */
  compute(window: Window, out: Float64Array): void;
}
