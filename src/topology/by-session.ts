import {
  defer,
  filter,
  finalize,
  groupBy,
  map,
  mergeMap,
  type Observable,
  type OperatorFunction,
  Subject,
  takeUntil,
} from 'rxjs';
import type { StreamMessage } from '../core/signal.js';
import type { SessionMessage } from '../sources/source.js';

/**
 * Runs each session of a source by itself, and gives what they give as it comes. A session ends with its last open stream: what
 * comes under its name after that is another one.
 */
export function bySession<T>(
  run: (session: string, messages$: Observable<StreamMessage>) => Observable<T>,
): OperatorFunction<SessionMessage, T> {
  return (messages$) =>
    defer(() => {
      const left = new Subject<void>();
      return messages$.pipe(
        takeUntil(left),
        groupBy(({ session }) => session, { duration: lastStreamClosed }),
        mergeMap((group$) => run(group$.key, group$.pipe(map(({ message }) => message)))),
        // What tells the end of a group listens to it, for which groupBy would hold on to the source.
        finalize(() => left.next()),
      );
    });
}

function lastStreamClosed(session$: Observable<SessionMessage>): Observable<SessionMessage> {
  const open = new Set<string>();
  return session$.pipe(
    filter(({ message }) => {
      if (message.kind === 'open') open.add(message.info.id);
      return message.kind === 'close' && open.delete(message.id) && open.size === 0;
    }),
  );
}
