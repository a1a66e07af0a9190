import type { Observer } from 'rxjs';
import type { EventSink } from '../../core/event.js';
import { errorOf } from '../../core/owned.js';

/**
 * `publish` whose faults reach neither the pipeline nor the other sinks. The first of a run of faults is told: to the log
 * alone, as an event on its way through the sinks would meet the same fault.
 */
export function contained<Args extends unknown[]>(
  sink: string,
  publish: (...args: Args) => void,
  log: EventSink,
): (...args: Args) => void {
  let isFailing = false;
  return (...args) => {
    try {
      publish(...args);
      isFailing = false;
    } catch (error) {
      if (!isFailing)
        log({
          code: 'sink-failed',
          level: 'error',
          message: `sink ${sink}: a message could not be given: ${errorOf(error).message}`,
        });
      isFailing = true;
    }
  };
}

/** The same for all that comes of an observable; that none comes any more, for a fault before it, is told, too. */
export function containedObserver<Value>(
  sink: string,
  publish: (value: Value) => void,
  log: EventSink,
): Pick<Observer<Value>, 'next' | 'error'> {
  const error = (fault: unknown): void =>
    log({
      code: 'sink-failed',
      level: 'error',
      message: `sink ${sink}: nothing comes any more: ${errorOf(fault).message}`,
    });
  return { next: contained(sink, publish, log), error };
}
