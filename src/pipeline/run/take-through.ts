import type { Observable } from 'rxjs';
import type { Gate } from './gate.js';

/**
 * What an observable gives, for who takes one after the other and may be slow: the gate is open only while the taker waits
 * for the next one. What one message gave, or a model that was asked before, is kept until it is taken. Who takes no more
 * unsubscribes, and waits for what is closed then.
 */
export async function* takeThrough<T>(gate: Gate, values$: Observable<T>): AsyncGenerator<T> {
  const taker = {};
  let values: T[] = [];
  let end = null as { readonly error?: unknown } | null;
  let wake = (): void => {};
  const change = (): void => {
    gate.hold(taker);
    wake();
  };
  gate.hold(taker);
  const subscription = values$.subscribe({
    next: (value) => {
      values.push(value);
      change();
    },
    error: (error: unknown) => {
      end = { error };
      change();
    },
    complete: () => {
      end = {};
      change();
    },
  });
  try {
    for (;;) {
      while (values.length > 0) {
        const ready = values;
        values = [];
        yield* ready;
      }
      if (end) {
        if ('error' in end) throw end.error;
        return;
      }
      const changed = new Promise<void>((resolve) => {
        wake = resolve;
      });
      gate.release(taker);
      await changed;
    }
  } finally {
    subscription.unsubscribe();
    await gate.closed();
  }
}
