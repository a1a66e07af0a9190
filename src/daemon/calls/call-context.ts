import type { Clock } from '../../core/clock.js';
import type { WebSocketSink } from '../../io/sinks/websocket.js';
import type { AskedStreams } from '../../io/sources/lsl/asked-streams.js';
import type { PipelineRuntime } from '../../pipeline/run/runtime.js';
import type { SessionRecorder } from '../../recorder/session-recorder.js';
import type { LiveSessions } from './live-sessions.js';
import type { SetMarkers } from './set-markers.js';

/** What calls look at and act on. */
export interface CallContext {
  readonly clock: Clock;
  readonly live: LiveSessions;
  readonly markers: SetMarkers;
  readonly lsl: AskedStreams;
  /** These exist once a call comes. */
  readonly runtime: () => PipelineRuntime;
  readonly sink: () => WebSocketSink;
  /** Null: nothing is recorded. */
  readonly recorder: () => SessionRecorder | null;
  /** Resolves once all that went into the session so far is on the disk, where it is recorded; rejects with a NotKeptError. */
  readonly safe: (session: string, streams: readonly string[]) => Promise<void> | undefined;
}
