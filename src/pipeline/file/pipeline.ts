import type { Seconds } from '../../core/clock.js';
import type { TransformDefinition } from '../../core/component.js';
import type { StreamType } from '../../core/signal.js';

export const pipelineSections = ['sources', 'transforms', 'models', 'sinks'] as const;
export type PipelineSection = (typeof pipelineSections)[number];

/** Which streams a source takes; null: any. */
export interface StreamSelector {
  readonly name: string | null;
  readonly source_id: string | null;
  readonly hostname: string | null;
  /** Labels that the stream has, among others. */
  readonly has_labels: readonly string[] | null;
}

export interface SourceNode {
  readonly name: string;
  readonly type: string;
  /** Canonical type of the stream that feeds this node. */
  readonly stream_type: StreamType;
  readonly select: StreamSelector;
  /** Whether any stream that fits may take the place of one that is lost, a neighbour's too. */
  readonly failover: boolean;
  /** Labels that replace those of the stream, in its order of channels. */
  readonly labels: readonly string[] | null;
  readonly optional: boolean;
  /** Parameters of the source itself; nodes with equal `type` and `params` share one source. */
  readonly params: Readonly<Record<string, unknown>>;
}

export interface TransformNode {
  readonly name: string;
  readonly definition: TransformDefinition;
  readonly params: unknown;
  /** The node that feeds this one. */
  readonly input: string;
  /** Other nodes of features, of which this one gets the vectors too; none for most. */
  readonly beside: readonly string[];
  /** Name of the source at the start of this node's chain. */
  readonly source: string;
  /** Digest of this node and everything above it, the source's own parameters left out. */
  readonly digest: string;
}

/** Modalities joined onto one hop grid: for each, the nodes that may serve it, in order of preference. */
export interface Join {
  readonly name: string;
  readonly inputs: ReadonlyMap<string, readonly string[]>;
  /** Digest of the nodes that serve each modality. */
  readonly digests: ReadonlyMap<string, string>;
  /** Spacing of each serving node's own windows, s. */
  readonly hops_s: ReadonlyMap<string, Seconds>;
  /** First closing time and spacing of the grid, s. */
  readonly window_s: Seconds;
  readonly hop_s: Seconds;
}

export interface ModelNode {
  readonly name: string;
  readonly type: string;
  /** Folder of the model, absolute. */
  readonly path: string;
  readonly join: Join;
  /** Where the node stands in the file, 1-based. */
  readonly line: number;
  readonly column: number;
}

export interface SinkNode {
  readonly name: string;
  readonly type: string;
  readonly inputs: readonly string[];
  readonly params: Readonly<Record<string, unknown>>;
}

/** A checked pipeline file. */
export interface Pipeline {
  /** Where it was read from, for messages. */
  readonly file: string;
  readonly sources: ReadonlyMap<string, SourceNode>;
  /** In an order in which every node comes after its input. */
  readonly transforms: ReadonlyMap<string, TransformNode>;
  readonly models: ReadonlyMap<string, ModelNode>;
  readonly sinks: ReadonlyMap<string, SinkNode>;
  /** How long a stream may lag behind the others, s of data. */
  readonly allowed_lateness_s: Seconds;
  /** `sha256:...` of the normalised file without sources and sinks. */
  readonly digest: string;
}
