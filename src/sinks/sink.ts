import type { z } from 'zod';
import type { SessionEvent } from '../core/event.js';
import type { FeatureDescriptor, IndexReason } from '../core/features.js';
import type { Prediction } from '../core/prediction.js';
import type { StreamInfo } from '../core/signal.js';

/** Features of one window of one extract node, as the `features` stream carries them; null = masked. */
export interface FeatureMessage {
  readonly stream: 'features';
  readonly session: string;
  readonly seq: number;
  readonly time: number;
  readonly window: readonly [number, number];
  readonly input: string;
  readonly features: readonly FeatureDescriptor[];
  readonly values: readonly (number | null)[];
  /** Where any stream that they were computed from was simulated. */
  readonly simulated?: true;
}

/** State of every matched input of a session at a closing time, as the `quality` stream carries it. */
export interface QualityMessage {
  readonly stream: 'quality';
  readonly session: string;
  readonly seq: number;
  readonly time: number;
  readonly inputs: Readonly<
    Record<
      string,
      {
        readonly name: string;
        readonly type: string;
        readonly sfreq: number;
        readonly present: boolean;
        readonly reason: string | null;
        readonly simulated?: true;
        readonly channels: readonly {
          readonly label: string;
          readonly coverage: number;
          readonly state: string;
          readonly quality?: Readonly<
            Record<'flat' | 'railed' | 'line_50' | 'line_60' | 'high_frequency' | 'amplitude', number | null>
          >;
        }[];
      }
    >
  >;
}

/** Indices against this person's own rest at a closing time, as the `indices` stream carries them. */
export interface IndicesMessage {
  readonly stream: 'indices';
  readonly session: string;
  readonly seq: number;
  readonly time: number;
  readonly window: readonly [number, number];
  readonly indices: readonly {
    readonly node: string;
    readonly channel: string;
    readonly feature: string;
    /** In standard deviations of the rest; null where `reason` says why. */
    readonly value: number | null;
    readonly reason: IndexReason | null;
  }[];
  /** Where any stream that they were computed from was simulated. */
  readonly simulated?: true;
}

/** Valence and arousal as an `Annotation` stream told them, as the `truth` stream carries them; null = missing. */
export interface TruthMessage {
  readonly stream: 'truth';
  readonly session: string;
  readonly seq: number;
  readonly time: number;
  readonly valence: number | null;
  readonly arousal: number | null;
}

/** An event, as the `sys` stream carries it. */
export interface SysMessage {
  readonly stream: 'sys';
  readonly session: string;
  readonly seq: number;
  readonly time: number | null;
  readonly event: SessionEvent;
}

/** What devices push, as the `signals` stream carries it. */
export interface SignalsMessage {
  readonly stream: 'signals';
  readonly session: string;
  readonly seq: number;
  readonly time: number | null;
  readonly zero: number | null;
  readonly kind: 'open' | 'samples' | 'close';
  readonly id: string;
  readonly info?: Omit<StreamInfo, 'id' | 'sourceId'> & { readonly source_id: string };
  readonly times?: readonly number[];
  readonly data?: readonly (readonly (number | null | string)[])[];
  readonly gap_before?: boolean;
}

/** What a running pipeline publishes; the wall-clock fields are added where it leaves the process. */
export type OutputMessage =
  | Prediction
  | FeatureMessage
  | QualityMessage
  | IndicesMessage
  | TruthMessage
  | SysMessage;

/** The message for those who asked for no contributions: as if nobody had. */
export function unexplained(message: OutputMessage): OutputMessage {
  if (message.stream !== 'affect' || message.contribution === undefined) return message;
  const { contribution: _, ...plain } = message;
  return plain;
}

export interface Sink {
  publish(message: OutputMessage): void;
  close(): Promise<void>;
}

/** A sink as a pipeline file knows it. */
export interface SinkDefinition<Params = unknown> {
  /** The `type` in a pipeline file; equal to the file's name. */
  readonly type: string;
  readonly summary: string;
  /** Strict schema of the sink's own keys. */
  readonly params: z.ZodType<Params>;
}
