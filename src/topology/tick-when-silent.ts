import { Observable, type OperatorFunction } from 'rxjs';
import type { Clock, Seconds } from '../core/clock.js';
import { type Chunk, isMeasured, period_s, type StreamInfo } from '../core/signal.js';
import type { SessionMessage } from '../sources/source.js';

/** How long every stream of a session must be silent before the clock speaks for it, s. */
const ALL_SILENT_S = 2;
const TICK_S = 0.25;

/** The stream that ticks go by: one value, of no meaning; what counts is the stamp. */
const ticks: StreamInfo = {
  ...{ id: 'affectd-ticks', name: 'affectd ticks', type: 'Ticks', sourceId: 'affectd-ticks', sfreq: 0 },
  channels: [{ label: 'tick', unit: '', type: 'Ticks' }],
};

/** What is known of a session that has an open stream. */
interface Progress {
  readonly open: Set<string>;
  /** Furthest stamp and one sample period. */
  head: Seconds;
  /** When its last samples came. */
  heard: Seconds;
  ticks: boolean;
}

/**
 * Adds to the sessions of live sources a stream `Ticks`, whose stamps say how far time has come where no device says
 * so: windows close, masked, although every sensor is silent. Being a stream, ticks are recorded with what else arrives,
 * and a replay closes the same windows at the same place.
 */
export function tickWhenSilent(clock: Clock): OperatorFunction<SessionMessage, SessionMessage> {
  return (messages$) =>
    new Observable<SessionMessage>((subscriber) => {
      const sessions = new Map<string, Progress>();
      const timer = clock.every(TICK_S, () => {
        for (const [session, progress] of sessions) {
          const silence_s = clock.now() - progress.heard;
          if (progress.head === Number.NEGATIVE_INFINITY || silence_s <= ALL_SILENT_S) continue;
          if (!progress.ticks) subscriber.next({ session, message: { kind: 'open', info: ticks } });
          progress.ticks = true;
          const chunk = tickAt(progress.head + silence_s - ALL_SILENT_S);
          subscriber.next({ session, message: { kind: 'chunk', chunk } });
        }
      });
      const subscription = messages$.subscribe({
        next: (given) => {
          const { session, message } = given;
          const progress = sessions.get(session);
          if (message.kind === 'open') {
            if (progress) progress.open.add(message.info.id);
            else sessions.set(session, begun(message.info.id, clock.now()));
          } else if (message.kind === 'chunk' && progress && isMeasured(message.chunk.info)) {
            progress.heard = clock.now();
            progress.head = Math.max(progress.head, headOf(message.chunk));
          } else if (message.kind === 'close' && progress?.open.delete(message.id)) {
            if (progress.open.size === 0) {
              sessions.delete(session);
              // The session ends with its last stream, which must not be this one.
              if (progress.ticks) subscriber.next({ session, message: { kind: 'close', id: ticks.id } });
            }
          }
          subscriber.next(given);
        },
        error: (error) => subscriber.error(error),
        complete: () => subscriber.complete(),
      });
      return () => {
        timer.cancel();
        subscription.unsubscribe();
      };
    });
}

const begun = (id: string, now: Seconds): Progress => ({
  ...{ open: new Set([id]), head: Number.NEGATIVE_INFINITY, heard: now, ticks: false },
});

function headOf({ info, times }: Chunk): Seconds {
  if (times.length === 0) return Number.NEGATIVE_INFINITY;
  return times[times.length - 1] + period_s(info);
}

const tickAt = (time: Seconds): Chunk => ({
  ...{ info: ticks, data: Float64Array.of(0), times: Float64Array.of(time), gapBefore: false },
});
