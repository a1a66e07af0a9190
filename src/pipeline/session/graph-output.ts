import type { Seconds } from '../../core/clock.js';
import type { FeatureVector } from '../../core/features.js';
import type { ModelFrame } from '../../core/model.js';
import type { Marker, StreamInfo } from '../../core/signal.js';
import type { ChannelReport } from './channel-monitor.js';

export interface ModalityStatus {
  readonly present: boolean;
  readonly coverage: number;
  readonly reason: string | null;
}

/** What a source of the pipeline is fed with, and how it fares. */
export interface InputStatus {
  readonly info: StreamInfo;
  readonly stale: boolean;
  readonly channels: readonly ChannelReport[];
}

/** What a session's graph gives, in order. */
export type GraphOutput =
  /** The first sample was delivered; nothing is given before this. `zero`: its stamp, which is 0 in session time. */
  | { readonly kind: 'began'; readonly zero: Seconds }
  | {
      readonly kind: 'features';
      readonly node: string;
      /** Rises by one with each output of the node. */
      readonly seq: number;
      /** The source's name in the pipeline. */
      readonly input: string;
      readonly vector: FeatureVector;
      /** Whether any stream that it was computed from was made by a simulator. */
      readonly simulated: boolean;
    }
  | {
      readonly kind: 'frame';
      readonly model: string;
      readonly seq: number;
      readonly time: Seconds;
      readonly window: readonly [Seconds, Seconds];
      readonly frame: ModelFrame;
      readonly modalities: ReadonlyMap<string, ModalityStatus>;
      /** Whether any stream that ever fed the model was made by a simulator. */
      readonly simulated: boolean;
      /** Streams that feed the modalities that are there. */
      readonly streams: readonly StreamInfo[];
      /** Whether the session is down after faults of its graph. */
      readonly failed?: true;
      /** Whether its model had no time for it: it isn't asked. */
      readonly overloaded?: true;
    }
  | {
      readonly kind: 'closed';
      readonly time: Seconds;
      /** Stamp that is zero on the session's clock. */
      readonly zero: Seconds;
      /** State of each source's stream; empty unless the graph monitors channels. */
      readonly inputs: ReadonlyMap<string, InputStatus>;
    }
  /** `source`: the name of the stream that told it. */
  | { readonly kind: 'marker'; readonly marker: Marker; readonly source: string }
  | { readonly kind: 'truth'; readonly time: Seconds; readonly valence: number; readonly arousal: number }
  | {
      readonly kind: 'indices';
      readonly node: string;
      readonly seq: number;
      readonly vector: FeatureVector;
      readonly simulated: boolean;
    };
