import type { Observable } from 'rxjs';

/** Subscribes to what gives all that it has at once, as an array or a generator does. Throws its error, and where it waits. */
export function runAtOnce(values$: Observable<unknown>): void {
  let end = null as { readonly error?: unknown } | null;
  const subscription = values$.subscribe({
    error: (error: unknown) => {
      end = { error };
    },
    complete: () => {
      end = {};
    },
  });
  subscription.unsubscribe();
  if (!end) throw new Error('what was to run at once waits for something');
  if ('error' in end) throw end.error;
}
