import type { Seconds } from '../../core/clock.js';
import { doneWithin } from '../../core/done-within.js';
import { NotKeptError } from '../../core/not-kept-error.js';
import type { CallParams, CallResult } from '../../io/protocol/calls.js';
import { ProtocolError } from '../../io/protocol/error-code.js';
import type { CallContext } from './call-context.js';
import type { LiveSession } from './live-sessions.js';

/** How long ago a marker may have been that is set now, s. */
const MARKER_WITHIN_S: Seconds = 60;
/** How long who sets a marker waits until it is on the disk, s. */
const SAFE_WITHIN_S: Seconds = 2;

/**
 * Sets a marker at once, and answers when it is on the disk, or that it isn't: who hears that it was set never finds it missing after a kill.
 * @throws ProtocolError `too-long-ago`, `session-not-begun`
 */
export async function setMarker(
  context: CallContext,
  live: LiveSession,
  { session, text, time_unix }: CallParams<'marker'>,
): Promise<CallResult<'marker'>> {
  const { clock, runtime, markers } = context;
  const age_s = time_unix === undefined ? 0 : clock.unix() - time_unix;
  if (age_s > MARKER_WITHIN_S || age_s < -1)
    throw new ProtocolError(
      'too-long-ago',
      `the marker was ${age_s.toFixed(1)} s ago by this machine's clock; it may have been ${MARKER_WITHIN_S} s ago at most`,
    );
  const stamp = runtime().stampAt(session, clock.now() - Math.max(0, age_s));
  const { zero } = live;
  if (stamp === null || zero === null)
    throw new ProtocolError('session-not-begun', `session '${session}' has no sample yet`);
  const stream = markers.set(session, text, stamp);
  live.mark({ time: stamp, value: text });
  return { session, time: stamp - zero, recorded: await isRecorded(context, session, stream) };
}

async function isRecorded(
  { clock, recorder, safe }: CallContext,
  session: string,
  stream: string,
): Promise<boolean> {
  if (!recorder()?.status(session)) return false;
  try {
    return await doneWithin(clock, SAFE_WITHIN_S, safe(session, [stream]));
  } catch (error) {
    if (error instanceof NotKeptError) return false;
    throw error;
  }
}
