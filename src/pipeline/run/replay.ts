import type { StreamMessage } from '../../core/signal.js';
import type { SessionOutput } from '../session/session-output.js';
import { Gate } from './gate.js';
import { readThrough } from './read-through.js';
import { type RunRecordingOptions, runRecording } from './run-recording.js';
import { takeThrough } from './take-through.js';

/** A good {@link ReplayOptions.batch} where nobody watches. */
export const REPLAY_BATCH = 16;

export type ReplayOptions = RunRecordingOptions;

/**
 * Runs a recording's messages, in order of their first stamps or of their arrival, through a pipeline. Nothing is dropped: the
 * reader waits while the model works, or the taker of what comes out, so memory stays bounded however fast the disk is.
 */
export function replay(
  messages: AsyncIterable<StreamMessage> | Iterable<StreamMessage>,
  options: ReplayOptions,
): AsyncGenerator<SessionOutput> {
  const gate = new Gate();
  return takeThrough(gate, readThrough(gate, messages).pipe(runRecording(gate, options)));
}
