import { endWith, map, type Observable, startWith, take, throwError } from 'rxjs';
import { describe, it } from 'vitest';
import type { StreamMessage } from '../../../src/core/signal.js';
import type { SessionMessage } from '../../../src/io/sources/source.js';
import { bySession } from '../../../src/pipeline/run/by-session.js';
import { chunkOf, streamInfo } from '../../../src/testing/stream-fixtures.js';
import { marbles } from '../../setup/marbles.js';

const info = streamInfo({ type: 'EEG', sfreq: 4, labels: ['Cz'], unit: 'uV' });
const open = (session: string, id = 'eeg'): SessionMessage => ({
  session,
  message: { kind: 'open', info: { ...info, id } },
});
const close = (session: string, id = 'eeg'): SessionMessage => ({ session, message: { kind: 'close', id } });
const samples = (session: string): SessionMessage => ({
  session,
  message: { kind: 'chunk', chunk: chunkOf(info, [[1, 2]], 0) },
});

const values = {
  ...{ a: open('a'), x: samples('a'), c: close('a'), b: open('b'), y: samples('b'), d: close('b') },
  ...{ g: open('a', 'gaze'), h: close('a', 'gaze') },
};
/** Tells where a session begins and ends, and what it is of. */
const told = (session: string, messages$: Observable<StreamMessage>): Observable<string> =>
  messages$.pipe(
    map(({ kind }) => `${session} ${kind}`),
    startWith(`${session} begins`),
    endWith(`${session} ends`),
  );
const lines = {
  ...{ B: 'a begins', a: 'a open', x: 'a chunk', c: 'a close', E: 'a ends' },
  ...{ C: 'b begins', b: 'b open', y: 'b chunk', d: 'b close', F: 'b ends' },
};

describe('bySession', () => {
  it('runs each by itself, from its first message to the close of its last stream', () => {
    marbles(({ cold, expectObservable }, clock) => {
      const source = cold('       a    9ms b    9ms xy 8ms c    9ms d    9ms |', values);
      expectObservable(source.pipe(bySession(told, clock))).toBe(
        '                         (Ba) 6ms (Cb) 6ms xy 8ms (cE) 6ms (dF) 6ms |',
        lines,
      );
    });
  });

  it('goes on while another stream of the session is open', () => {
    marbles(({ cold, expectObservable }, clock) => {
      const source = cold('                       a    9ms g  h  x  c    9ms |', values);
      const run$ = source.pipe(bySession(told, clock));
      expectObservable(run$).toBe('              (Ba) 6ms a  c  x  (cE) 6ms |', lines);
    });
  });

  it('begins another one where the name is used again', () => {
    marbles(({ cold, expectObservable }, clock) => {
      const source = cold('                       a    9ms c    9ms a    9ms x |', values);
      const run$ = source.pipe(bySession(told, clock));
      expectObservable(run$).toBe('              (Ba) 6ms (cE) 6ms (Ba) 6ms x (E|)', lines);
    });
  });

  it('begins none anew that ended by itself, before its streams are closed', () => {
    marbles(({ cold, expectObservable }, clock) => {
      const first = bySession((session, messages$) => told(session, messages$.pipe(take(1))), clock);
      const source = cold('                       a     9ms x c a     9ms |', values);
      expectObservable(source.pipe(first)).toBe('(BaE) 7ms   (BaE) 5ms |', lines);
    });
  });

  it('of nothing is nothing, and never never ends', () => {
    marbles(({ cold, expectObservable }, clock) => {
      expectObservable(cold('--|', values).pipe(bySession(told, clock))).toBe('--|');
      expectObservable(cold('-', values).pipe(bySession(told, clock))).toBe('-');
      expectObservable(cold('a-', values).pipe(bySession(told, clock))).toBe('(Ba)', lines);
    });
  });

  it("passes on the source's error, and a session's own", () => {
    marbles(({ cold, expectObservable }, clock) => {
      expectObservable(cold('a 9ms #', values).pipe(bySession(told, clock))).toBe('(Ba) 6ms #', lines);
      const faulty = bySession(() => throwError(() => new RangeError('it is odd')), clock);
      expectObservable(cold('-a-x', values).pipe(faulty)).toBe('-#', {}, new RangeError('it is odd'));
    });
  });

  it('lets go of its source when nobody listens any more, whose streams are still open', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }, clock) => {
      const source = cold('a 9ms x', values);
      expectObservable(source.pipe(bySession(told, clock)), '^ 5ms !').toBe('(Ba)', lines);
      expectSubscriptions(source.subscriptions).toBe('^ 5ms !');
    });
  });

  it('has sessions of its own for each subscriber', () => {
    marbles(({ cold, expectObservable }, clock) => {
      const run$ = cold('a 9ms x', values).pipe(bySession(told, clock));
      expectObservable(run$).toBe('(Ba) 6ms x', lines);
      expectObservable(run$, '5ms ^').toBe('5ms (Ba) 6ms x', lines);
    });
  });
});
