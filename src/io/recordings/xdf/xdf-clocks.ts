import { isUnixStamp } from '../../../signal/timebase/unix-stamps.js';
import type { XdfArrivals } from './xdf-arrivals.js';
import type { XdfStream } from './xdf-index.js';

/** Whose stamps count seconds since 1970. */
export const UNIX_CLOCK = 'unix';

/** Which clock made a stream's stamps. */
export interface XdfClock {
  readonly stream: XdfStream;
  /** Streams that name the same share it. */
  readonly clock: string;
  /** Whether the name was guessed. */
  readonly isGuessed: boolean;
  /** Whether the clock was compared with the recorder's. */
  readonly isProbed: boolean;
}

/**
 * The clocks of a foreign file's streams. LSL measures each computer's; a stream whose clock nobody measured is on the
 * recorder's, as every reader of XDF takes it. Unix stamps are on none of these, whatever was measured. Stamps of sessions of our
 * own lie on one clock already.
 */
export function clocksOf(streams: readonly XdfStream[], arrivals: XdfArrivals): XdfClock[] {
  const sessions = new Set(streams.map(({ isMapped, session }) => (isMapped ? session : null)));
  return streams.map((stream, s) => {
    const { isMapped, session, clockOffsets, hostname, streamId } = stream;
    if (isMapped && sessions.size === 1 && !arrivals.isStill(s))
      return { stream, clock: 'session', isGuessed: false, isProbed: false };
    // Stamps that never move are on no clock.
    if (arrivals.isStill(s)) return { stream, clock: 'none', isGuessed: true, isProbed: false };
    const isMeasured = clockOffsets.length > 0;
    const isPlaced = isMapped && isMeasured;
    if (!isPlaced && isUnixStamp(arrivals.typicalStamp(s)))
      return { stream, clock: UNIX_CLOCK, isGuessed: true, isProbed: false };
    const computer = hostname === '' ? `stream ${streamId}` : `computer ${hostname}`;
    const clock = isPlaced ? `session ${session}` : isMeasured ? computer : 'recorder';
    return { stream, clock, isGuessed: false, isProbed: true };
  });
}
