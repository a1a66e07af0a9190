import { distinctUntilChanged, map, NEVER, Observable, of, switchMap } from 'rxjs';
import type { Clock, Seconds } from '../core/clock.js';
import type { SessionMessage } from '../sources/source.js';
import { HOLD_S } from './binder.js';

/**
 * Emits when a session ends: with its last open stream, where none was cut; else once none that was cut is awaited any more. What
 * comes under its name after that is another session.
 */
export function sessionEnd(session$: Observable<SessionMessage>, clock: Clock): Observable<unknown> {
  return new Observable((subscriber) => {
    const open = new Set<string>();
    /** Of streams that closed: until when they are awaited. */
    const awaited = new Map<string, Seconds>();
    return session$
      .pipe(
        map(({ message }): Seconds | null => {
          if (message.kind === 'open') {
            open.add(message.info.id);
            awaited.delete(message.info.id);
          }
          if (message.kind === 'close' && open.delete(message.id))
            awaited.set(message.id, clock.now() + (message.cut ? HOLD_S : 0));
          return open.size === 0 && awaited.size > 0 ? Math.max(...awaited.values()) : null;
        }),
        distinctUntilChanged(),
        switchMap((until) => (until === null ? NEVER : after(clock, until - clock.now()))),
      )
      .subscribe(subscriber);
  });
}

/** Emits `delay_s` from now; at once where that is 0. */
function after(clock: Clock, delay_s: Seconds): Observable<unknown> {
  if (delay_s <= 0) return of(null);
  return new Observable((subscriber) => {
    const timer = clock.after(delay_s, () => subscriber.next(null));
    return () => timer.cancel();
  });
}
