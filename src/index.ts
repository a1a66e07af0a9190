/**
 * affectd as a library: read recordings, run pipelines on them, simulate people. The client for programs that subscribe
 * or push is `affectd/client`; helpers for tests are `affectd/testing`.
 */
export { type Clock, type Seconds, SystemClock, VirtualClock } from './core/clock.js';
export { AffectdError, ConfigurationError, ExitCode, InputError } from './core/errors.js';
export type { SessionEvent } from './core/event.js';
export type { FeatureDescriptor, FeatureSchema, FeatureVector } from './core/features.js';
export type { Channel, Chunk, Marker, StreamInfo, StreamMessage, StreamType } from './core/signal.js';
export type { Prediction } from './io/protocol/output.js';
export { joinRecordings } from './io/recordings/join.js';
export { openRecording, openRecordings } from './io/recordings/open.js';
export type { RecordedStream, Recording } from './io/recordings/recording.js';
export { XdfWriter } from './io/recordings/xdf/xdf-writer.js';
export { loadPipeline } from './pipeline/file/load.js';
export { loadModels } from './pipeline/run/load-models.js';
export { matchStreams } from './pipeline/run/match-streams.js';
export { replay } from './pipeline/run/replay.js';
export type { LoadedPipeline } from './pipeline/run/run-session.js';
export { PipelineRuntime } from './pipeline/run/runtime.js';
export type { SessionOutput } from './pipeline/session/session-output.js';
export { simulateSession } from './simulation/session.js';
