import type { Seconds } from '../../core/clock.js';
import type { FeatureSchema, FeatureVector } from '../../core/features.js';
import type { RawWindow } from '../../core/processor.js';
import type { Chunk, StreamInfo } from '../../core/signal.js';
import type { StoredState } from '../../core/state.js';
import type { FixationStreamState } from '../../signal/features/events/device-event.js';
import type { BinderState, Binding } from './binder.js';
import type { ChannelMonitorState } from './channel-monitor.js';
import type { ClosingTimesState } from './closing-times.js';
import type { Grades } from './contact-quality.js';
import type { FedValuesState } from './fed-values.js';
import type { GraphOutput } from './graph-output.js';
import type { InterpolationWatchState } from './interpolation-watch.js';
import type { NodeOrigin } from './kept-nodes.js';
import type { NodeSequenceState } from './node-sequence.js';
import type { StampSilenceState } from './stamp-silence.js';
import type { TruthOutputsState } from './truth-outputs.js';
import type { WatermarksState } from './watermarks.js';

/** What is told at a stamp, which only the first sample places. */
export type Told = Extract<GraphOutput, { kind: 'marker' | 'truth' }>;

/** What is left to do of a message: plain data, so that a session can be stopped in the middle of one. */
export type GraphStep =
  /** Samples `from` to `to` of a chunk as it came; `skips`: the windows before them are left out. */
  | {
      readonly do: 'stretch';
      readonly chunk: Chunk;
      readonly from: number;
      readonly to: number;
      readonly skips: boolean;
    }
  /** Samples from `from` on go into the nodes; stamps in session time, as in all that follows. */
  | { readonly do: 'feed'; readonly chunk: Chunk; readonly from: number }
  /** A stream has come as far as this. */
  | { readonly do: 'reach'; readonly info: StreamInfo; readonly first: Seconds; readonly last: Seconds }
  /** Windows before `time` are left out. */
  | { readonly do: 'skip-to'; readonly time: Seconds }
  | { readonly do: 'close-reached' }
  | { readonly do: 'close-until'; readonly time: Seconds }
  | { readonly do: 'bind'; readonly source: string; readonly stream: StreamInfo };

/** Samples of a stream that feeds a source from here on, in place of another or described anew: they wait for windows before them. */
export interface Takeover {
  readonly stream: string;
  readonly sources: readonly string[];
  /** Session time of the first of them. */
  readonly first: Seconds;
  /** What follows once those windows have closed. */
  readonly steps: readonly GraphStep[];
  /** How many values they hold. */
  readonly values: number;
}

export interface BoundSource {
  /** As its sender describes it. */
  stream: StreamInfo;
  /** As the source takes it. */
  info: StreamInfo;
  stale: boolean;
  /** Whether it can't use the stream as that is described now. */
  isUnused: boolean;
  /** Whether the stream has closed; one that is called the same may take its place. */
  isClosed: boolean;
  /** Session time of the source's first sample; null before it. Windows up to there say nothing of it. */
  since: Seconds | null;
}

/** All that a session's graph has learnt, as plain data. */
export interface GraphState {
  /** Digest of the pipeline. */
  readonly pipeline: string;
  readonly zero: Seconds | null;
  readonly closedUntil: Seconds;
  readonly skippedTo: Seconds;
  /** Furthest time that a tick told. */
  readonly ticked: Seconds;
  /** Of every transform. */
  readonly origins: Readonly<Record<string, NodeOrigin>>;
  readonly streams: readonly StreamInfo[];
  /** By source, the stream that the session's log told to feed it. */
  readonly told: readonly Binding[];
  readonly binder: BinderState;
  /** Furthest stamp as it came. */
  readonly stamped: Seconds;
  /** Sources that a stream feeds, in the order in which they were bound. */
  readonly sources: readonly (Readonly<BoundSource> & {
    readonly name: string;
    readonly monitor: ChannelMonitorState | null;
  })[];
  /** Of the nodes that have a stream. */
  readonly nodes: Readonly<Record<string, StoredState>>;
  readonly watches: Readonly<Record<string, InterpolationWatchState>>;
  readonly schemas: readonly FeatureSchema[];
  /** Places in `schemas` of what the nodes of features take in. */
  readonly inputs: Readonly<Record<string, number>>;
  /** What each node gave last; of features with the schema's place. */
  readonly latest: Readonly<
    Record<string, RawWindow | (Omit<FeatureVector, 'schema'> & { readonly schema: number })>
  >;
  readonly closing: ClosingTimesState;
  readonly watermarks: WatermarksState;
  readonly silence: StampSilenceState;
  readonly fed: FedValuesState;
  readonly sequence: NodeSequenceState;
  /** Names of sources, nodes and models that simulated data have reached. */
  readonly simulated: readonly string[];
  readonly truth: TruthOutputsState;
  readonly early: readonly Told[];
  readonly todo: readonly GraphStep[];
  /** Which stream feeds a source from its next sample on. */
  readonly planned: readonly Binding[];
  readonly takeovers: readonly Takeover[];
  readonly fixations: readonly { readonly info: StreamInfo; readonly current: FixationStreamState }[];
  readonly contacts: readonly { readonly info: StreamInfo; readonly grades: readonly Grades[] }[];
}

/** The state of a session whose nodes have learnt nothing: what a graph needs to begin in its middle. */
export function bareState(
  known: Pick<GraphState, 'zero' | 'closedUntil' | 'streams' | 'told' | 'sequence'>,
): GraphState {
  return {
    ...known,
    sources: known.told.map(({ source: name, stream }) => ({
      ...{ name, stream, info: stream, since: null, monitor: null },
      ...{ stale: false, isUnused: false, isClosed: false },
    })),
    binder: { streams: [], holders: [], sources: [], messages: 0 },
    stamped: Number.NEGATIVE_INFINITY,
    pipeline: '',
    skippedTo: Number.NEGATIVE_INFINITY,
    ticked: Number.NEGATIVE_INFINITY,
    origins: {},
    nodes: {},
    watches: {},
    schemas: [],
    inputs: {},
    latest: {},
    closing: {},
    watermarks: { streams: [], stale: [], head: Number.NEGATIVE_INFINITY },
    silence: [],
    fed: { since: null, streams: [] },
    simulated: [],
    truth: { stream: null, next: Number.NEGATIVE_INFINITY },
    early: [],
    todo: [],
    planned: [],
    takeovers: [],
    fixations: [],
    contacts: [],
  };
}
