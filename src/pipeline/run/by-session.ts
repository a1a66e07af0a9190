import {
  defer,
  finalize,
  groupBy,
  map,
  mergeMap,
  type Observable,
  type OperatorFunction,
  Subject,
  takeUntil,
} from 'rxjs';
import type { Clock } from '../../core/clock.js';
import type { StreamMessage } from '../../core/signal.js';
import type { SessionMessage } from '../../io/sources/source.js';
import { sessionEnd } from './session-end.js';

/**
 * Runs each session by itself, and gives what they give as it comes. What comes under a session's name after its end, of which
 * {@link sessionEnd} tells, is another one.
 */
export function bySession<T>(
  run: (session: string, messages$: Observable<StreamMessage>) => Observable<T>,
  clock: Clock,
): OperatorFunction<SessionMessage, T> {
  return (messages$) =>
    defer(() => {
      const left = new Subject<void>();
      return messages$.pipe(
        takeUntil(left),
        groupBy(({ session }) => session, { duration: (session$) => sessionEnd(session$, clock) }),
        mergeMap((group$) => run(group$.key, group$.pipe(map(({ message }) => message)))),
        // What tells the end of a group listens to it, for which groupBy would hold on to the source.
        finalize(() => left.next()),
      );
    });
}
