import { Observable } from 'rxjs';
import { describe, it } from 'vitest';
import type { Clock } from '../../../src/core/clock.js';
import type { Chunk, StreamMessage } from '../../../src/core/signal.js';
import { SilenceWatch } from '../../../src/pipeline/session/silence-watch.js';
import { chunkOf, streamInfo } from '../../../src/testing/stream-fixtures.js';
import { marbles } from '../../setup/marbles.js';

const eeg = streamInfo({ type: 'EEG', sfreq: 100, labels: ['Cz'], unit: 'uV' });
const ramp = Array.from({ length: 10 }, (_, i) => i);
const chunkAt = (first: number): Chunk => chunkOf(eeg, [ramp], first);
/** Samples of 0.1 s: those of `a` end at the stamp 50 s, those of `b`, `d` and `e` at 52, 52.1 and 52.2 s. */
const chunks = { a: chunkAt(49.9), b: chunkAt(51.9), d: chunkAt(52), e: chunkAt(52.1) };

function textOf(message: StreamMessage): string {
  if (message.kind === 'stale') return message.isStale ? 'silent' : 'back';
  if (message.kind === 'chunk') return message.chunk.times[0].toFixed(2);
  return message.kind;
}

/** What a watch says of a session that `chunks$` feeds, and whose end closes it; an error stops it. */
const watched = (chunks$: Observable<Chunk>, clock: Clock): Observable<string> =>
  new Observable((subscriber) => {
    const watch = new SilenceWatch(clock, {
      feeds: () => true,
      keeps: () => true,
      tell: (message) => subscriber.next(textOf(message)),
    });
    subscriber.add(() => watch.stop());
    subscriber.add(
      chunks$.subscribe({
        next: (chunk) => watch.hear(chunk, false),
        error: (error: unknown) => subscriber.error(error),
        complete: () => {
          watch.close();
          subscriber.complete();
        },
      }),
    );
  });

const names = { s: 'silent', r: 'back', o: 'open', c: 'close', x: '50.65', y: '50.75', z: '52.88' };

describe('SilenceWatch and its ticks, in time', () => {
  it('never: says nothing, and goes on looking until nobody listens', () => {
    marbles(({ cold, expectObservable }, clock) => {
      expectObservable(watched(cold<Chunk>('-'), clock), '^ 5s !').toBe('-');
    });
  });

  it('empty: says nothing and looks no more', () => {
    marbles(({ cold, expectObservable }, clock) => {
      // Virtual time would never end if it did.
      expectObservable(watched(cold<Chunk>('1s |'), clock)).toBe('1s |');
    });
  });

  it('values: silent after 0.6 s at the next look, ticks each 0.1 s, back with the first samples, closed at the end', () => {
    marbles(({ cold, expectObservable }, clock) => {
      const chunks$ = cold('50ms a 849ms b 9ms d 9ms e 729ms |', chunks);
      expectObservable(watched(chunks$, clock)).toBe('700ms (sox) 95ms y 99ms r 699ms (sz) 46ms (c|)', names);
    });
  });

  it('error: it is the last that is heard', () => {
    marbles(({ cold, expectObservable }, clock) => {
      expectObservable(watched(cold('50ms a 699ms #', chunks), clock)).toBe('700ms (sox) 45ms #', names);
    });
  });

  it('unsubscribe: no tick comes after it', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }, clock) => {
      const chunks$ = cold('50ms a', chunks);
      expectObservable(watched(chunks$, clock), '^ 849ms !').toBe('700ms (sox) 95ms y', names);
      expectSubscriptions(chunks$.subscriptions).toBe('^ 849ms !');
    });
  });
});
