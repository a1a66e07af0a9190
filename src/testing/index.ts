/** What people who write their own processors and sources test them with. */
export { assertChunkInvariant, cutChunk, joinChunks } from './chunk-invariance.js';
export { SchedulerClock } from './scheduler-clock.js';
export { chunkOf, streamInfo } from './stream-fixtures.js';
