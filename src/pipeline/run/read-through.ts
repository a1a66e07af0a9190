import { Observable } from 'rxjs';
import { owned } from '../../core/owned.js';
import type { Gate } from './gate.js';

/**
 * What an iterable gives, asked for one by one and only while the gate is open: what comes is passed on in the same turn,
 * and nothing is kept. Where the gate is shut while one is on its way, that one still comes. Unsubscribing closes the
 * iterator, for which `gate.closed()` waits; what it throws is the observable's error.
 */
export function readThrough<T>(gate: Gate, values: AsyncIterable<T> | Iterable<T>): Observable<T> {
  return new Observable<T>((subscriber) => {
    const iterator: AsyncIterator<T> | Iterator<T> =
      Symbol.asyncIterator in values ? values[Symbol.asyncIterator]() : values[Symbol.iterator]();
    let hasEnded = false;
    const read = async (): Promise<void> => {
      while (!subscriber.closed) {
        if (!gate.isOpen) {
          await gate.opened();
          continue;
        }
        const next = await iterator.next();
        if (next.done) {
          hasEnded = true;
          subscriber.complete();
        } else subscriber.next(next.value);
      }
    };
    const close = async (): Promise<void> => {
      await iterator.return?.();
    };
    owned(read(), (error) => {
      hasEnded = true;
      subscriber.error(error);
    });
    return () => {
      if (!hasEnded) gate.closing(close());
    };
  });
}
