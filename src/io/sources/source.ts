import type { Observable } from 'rxjs';
import type { z } from 'zod';
import type { Clock } from '../../core/clock.js';
import type { EventSink, SessionEvent } from '../../core/event.js';
import { errorOf } from '../../core/owned.js';
import type { StreamMessage } from '../../core/signal.js';
import type { StallWatch } from '../../signal/timebase/stall-watch.js';
import type { BackendChoice } from '../lsl/backend.js';
import type { LslContext } from '../lsl/network.js';
import type { SharedSessions } from './door/shared-sessions.js';
import type { LslDirectory } from './lsl/lsl-directory.js';

/** A source's message together with the session it belongs to. */
export interface SessionMessage {
  readonly session: string;
  readonly message: StreamMessage;
}

/**
 * Where data comes from. Messages come in order of arrival; `info.id` of a stream is unique in its session,
 * and every stream starts with `open`. Subscribing starts the source, unsubscribing stops it.
 */
export interface Source {
  readonly messages$: Observable<SessionMessage>;
  /**
   * Makes ready to serve the nodes of these parameters instead of those so far; the returned function goes over to them.
   * @throws ConfigurationError of parameters that can't be used.
   */
  serve?(params: readonly unknown[]): () => void;
}

export interface SourceContext {
  readonly clock: Clock;
  readonly events: EventSink;
  /** Session of sources that can't tell it themselves. */
  readonly session: string;
  /** What the source shares with others of each session. */
  readonly sessions: SharedSessions;
  /** Knows when we stood still or the machine slept. Default: never. */
  readonly stall?: StallWatch;
  /** What receives LSL streams; default `auto`. */
  readonly lslBackend?: BackendChoice;
  /** What the sources of LSL streams know of each other, and people want of them. Default: each is alone. */
  readonly directory?: LslDirectory;
  /** What carries LSL, and its settings. Default: the machine's. */
  readonly lslNetwork?: Partial<Pick<LslContext, 'config' | 'interfaces' | 'carrier'>>;
}

/** A source as a pipeline file knows it. Nodes of equal `type` and {@link SourceDefinition.receiver} share one source. */
export interface SourceDefinition<Params = unknown> {
  /** The `type` in a pipeline file; equal to the file's name. */
  readonly type: string;
  readonly summary: string;
  /** Strict schema of the source's own keys; those that every source has are in src/pipeline/file/pipeline-schema.ts. */
  readonly params: z.ZodType<Params>;
  /** What nodes have in common that one source serves, if it is not all of their parameters. */
  readonly receiver?: (params: Params) => unknown;
  /** Looks whether what such a source reads is there. @throws InputError. Default: it reads nothing that may be missing. */
  readonly check?: (params: Params) => Promise<void>;
  create(params: Params, context: SourceContext): Source;
}

export const sourceDefinition = <P>(definition: SourceDefinition<P>): SourceDefinition<P> => definition;

/** What is told of a source that ended by an error. */
export const sourceFailed = (error: unknown): SessionEvent => ({
  code: 'source-failed',
  level: 'error',
  message: `a source ended: ${errorOf(error).message}`,
});
