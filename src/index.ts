/**
 * affectd as a library: read recordings, run pipelines on them, simulate people. The client for programs that subscribe
 * or push is `affectd/client`; helpers for tests are `affectd/testing`.
 */
export { type Clock, type Seconds, SystemClock, VirtualClock } from './core/clock.js';
export { AffectdError, ConfigurationError, ExitCode, InputError } from './core/errors.js';
export type { SessionEvent } from './core/event.js';
export type { FeatureDescriptor, FeatureSchema, FeatureVector } from './core/features.js';
export type { Channel, Chunk, Marker, StreamInfo, StreamMessage, StreamType } from './core/signal.js';
export type { Prediction } from './protocol/output.js';
export { joinRecordings } from './recordings/join.js';
export { openRecording } from './recordings/open.js';
export type { RecordedStream, Recording } from './recordings/recording.js';
export { XdfWriter } from './recordings/xdf-writer.js';
export { simulateSession } from './simulation/session.js';
export { loadPipeline } from './topology/load.js';
export { loadModels } from './topology/load-models.js';
export { matchStreams } from './topology/match-streams.js';
export { replay } from './topology/replay.js';
export type { LoadedPipeline } from './topology/run-session.js';
export { PipelineRuntime } from './topology/runtime.js';
export type { SessionOutput } from './topology/session-output.js';
