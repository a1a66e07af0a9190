/**
 * The Lab Streaming Layer without native code: streams found, received and offered, clocks measured.
 * See docs/reference/lsl.md.
 */

export type { Clock, Seconds, Timer } from '../../core/clock.js';
export { SystemClock } from '../../core/clock.js';
export type { EventSink, SessionEvent } from '../../core/event.js';
export {
  type Backend,
  type BackendChoice,
  chooseBackend,
  probeBackends,
  type StreamInlet,
} from './backend.js';
export {
  type ChannelFormat,
  channelFormats,
  type NumericFormat,
  type NumericValues,
  numericLayouts,
  type SampleBatch,
} from './channel-format.js';
export { defaultConfig, type LslConfig, loadConfig, parseConfig } from './config.js';
export { fetchFullInfo } from './connect.js';
export { Inlet, type InletOptions } from './inlet.js';
export { LslError } from './lsl-error.js';
export { type InterfaceAddress, type LslContext, loopbackInterfaces, systemInterfaces } from './network.js';
export { Outlet, type OutletOptions } from './outlet.js';
export { compileQuery, type Query, quoteForQuery } from './query.js';
export { Resolver, type ResolverOptions, resolveStreams } from './resolver.js';
export { allStampProcessing, type StampProcessing, StampProcessor } from './stamp-processor.js';
export {
  formatInfo,
  infoElement,
  type LslStreamInfo,
  parseInfo,
  type StreamAddress,
  type StreamDescription,
} from './stream-info.js';
export { type ClockMeasurement, TimeCorrection } from './time-correction.js';
export { childOf, childText, formatXml, parseXml, type XmlElement, xmlElement } from './xml.js';
