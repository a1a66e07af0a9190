/** The SDK of affectd's WebSocket protocol, for browsers and Node. */
export type { CallInput, CallName, CallResult } from '../protocol/calls.js';
export type {
  AckParams,
  ClockKind,
  DroppedParams,
  LastHeard,
  NackCode,
  OpenParams,
  OpenResult,
  Policy,
  StreamDeclaration,
  SubscribeParams,
  SubscribeResult,
  UnsubscribeParams,
} from '../protocol/control.js';
export type {
  AffectMessage,
  FeaturesMessage,
  IndicesMessage,
  MarkersMessage,
  NodeMessage,
  OutputStream,
  QualityMessage,
  SignalsMessage,
  SysMessage,
  TruthMessage,
  WireMessage,
  WireMessages,
} from '../protocol/output.js';
export { decodeSamples, encodeSamples, type SampleFrame } from '../protocol/sample-frame.js';
export { fromEmotionML, fromSam, toEmotionML, toSam } from '../protocol/scale.js';
export { AffectdClientError, type ConnectionState, type ConnectOptions } from './connection.js';
export {
  IngestConnection,
  type IngestEvents,
  type IngestOptions,
  IngestStream,
  openIngest,
  type Refusal,
  type Samples,
} from './ingest-client.js';
export { connectStream, StreamClient, type StreamEvents } from './stream-client.js';
export { systemTimers, type Timers } from './timers.js';
export type { WebSocketConstructor, WebSocketLike } from './web-socket.js';
