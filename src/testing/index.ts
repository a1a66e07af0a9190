/** What people who write their own processors and sources test them with. */
export { assertChunkInvariant, cutChunk, joinChunks } from './chunk-invariance.js';
export { SchedulerClock } from './scheduler-clock.js';
export { chunkOf, streamInfo } from './stream-fixtures.js';
export {
  formatWorldFault,
  parseWorldFaults,
  type WorldFault,
  type WorldFaultKind,
  worldFaultKinds,
} from './world/faults.js';
export { brokenInvariants } from './world/invariants.js';
export { movedByNeighbours } from './world/neighbours.js';
export { shrunk } from './world/shrink.js';
export { smallDevices, smallPipeline, smallPlan, smallSubscribers } from './world/small-world.js';
export { runWorld, type WorldHistory, type WorldPlan } from './world/world.js';
export type { DeviceDescription } from './world/world-device.js';
export type { SubscriberDescription } from './world/world-subscriber.js';
