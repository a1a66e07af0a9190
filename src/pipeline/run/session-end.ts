import { distinctUntilChanged, map, NEVER, Observable, of, switchMap } from 'rxjs';
import type { Clock, Seconds } from '../../core/clock.js';
import type { SessionMessage } from '../../io/sources/source.js';
import { HOLD_S } from '../session/binder.js';

/**
 * Emits when a session ends: with its last open stream, where none was cut; else once none that was cut is awaited any more. What
 * comes under its name after that is another session.
 */
export function sessionEnd(session$: Observable<SessionMessage>, clock: Clock): Observable<unknown> {
  return new Observable((subscriber) => {
    const open = new Set<string>();
    /** Streams that were cut, and until when they are awaited, in order. */
    const awaited = new Map<string, Seconds>();
    let hasClosed = false;
    return session$
      .pipe(
        map(({ message }): Seconds | null => {
          if (message.kind === 'open') {
            open.add(message.info.id);
            awaited.delete(message.info.id);
          }
          if (message.kind === 'close' && open.delete(message.id)) {
            hasClosed = true;
            forgetUntil(awaited, clock.now());
            if (message.cut) awaited.set(message.id, clock.now() + HOLD_S);
          }
          if (open.size > 0 || !hasClosed) return null;
          return [...awaited.values()].at(-1) ?? clock.now();
        }),
        distinctUntilChanged(),
        switchMap((until) => (until === null ? NEVER : after(clock, until - clock.now()))),
      )
      .subscribe(subscriber);
  });
}

/** Leaves out those that were awaited until `now` at most. */
function forgetUntil(awaited: Map<string, Seconds>, now: Seconds): void {
  for (const [id, until] of awaited) {
    if (until > now) return;
    awaited.delete(id);
  }
}

/** Emits `delay_s` from now; at once where that is 0. */
function after(clock: Clock, delay_s: Seconds): Observable<unknown> {
  if (delay_s <= 0) return of(null);
  return new Observable((subscriber) => {
    const timer = clock.after(delay_s, () => subscriber.next(null));
    return () => timer.cancel();
  });
}
