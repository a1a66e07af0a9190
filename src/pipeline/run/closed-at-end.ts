import { concat, defer, from, type MonoTypeOperatorFunction, tap } from 'rxjs';
import { canonicalJson } from '../../core/digest.js';
import type { SessionMessage } from '../../io/sources/source.js';

/** Closes the streams that are still open when the source ends: their sessions and recordings are complete then. */
export function closedAtEnd(): MonoTypeOperatorFunction<SessionMessage> {
  return (messages$) =>
    defer(() => {
      const open = new Map<string, SessionMessage>();
      const noted$ = messages$.pipe(
        tap(({ session, message }) => {
          if (message.kind === 'open')
            open.set(canonicalJson([session, message.info.id]), {
              session,
              message: { kind: 'close', id: message.info.id },
            });
          if (message.kind === 'close') open.delete(canonicalJson([session, message.id]));
        }),
      );
      return concat(
        noted$,
        defer(() => from([...open.values()])),
      );
    });
}
