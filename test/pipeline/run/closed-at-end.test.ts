import { map } from 'rxjs';
import { describe, expect, it } from 'vitest';
import type { SessionMessage } from '../../../src/io/sources/source.js';
import { closedAtEnd } from '../../../src/pipeline/run/closed-at-end.js';
import { chunkOf, streamInfo } from '../../../src/testing/stream-fixtures.js';
import { marbles } from '../../setup/marbles.js';

const info = streamInfo({ type: 'EEG', sfreq: 4, labels: ['Cz'], unit: 'uV' });
const open = (session: string, id = 'eeg'): SessionMessage => ({
  session,
  message: { kind: 'open', info: { ...info, id } },
});
const close = (session: string, id = 'eeg'): SessionMessage => ({ session, message: { kind: 'close', id } });

const values = {
  ...{
    a: open('a'),
    b: open('b'),
    g: open('a', 'gaze'),
    h: close('a', 'gaze'),
    x: close('a'),
    y: close('b'),
  },
  s: { session: 'a', message: { kind: 'chunk', chunk: chunkOf(info, [[1, 2]], 0) } } as SessionMessage,
};
const told = map(({ session, message }: SessionMessage): string =>
  message.kind === 'close' ? `close ${session} ${message.id}` : message.kind,
);
const lines = { o: 'open', s: 'chunk', h: 'close a gaze', x: 'close a eeg', y: 'close b eeg' };

describe('closedAtEnd', () => {
  it('closes at the end what is open then, of every session, in order of opening', () => {
    marbles(({ cold, expectObservable }) => {
      expectObservable(cold('ab-g-s-h-|', values).pipe(closedAtEnd(), told)).toBe('oo-o-s-h-(xy|)', lines);
    });
  });

  it('adds nothing where all was closed, or nothing opened', () => {
    marbles(({ cold, expectObservable }) => {
      expectObservable(cold('a-x|', values).pipe(closedAtEnd(), told)).toBe('o-x|', lines);
      expectObservable(cold('---|', values).pipe(closedAtEnd())).toBe('---|');
      expectObservable(cold('|', values).pipe(closedAtEnd())).toBe('|');
    });
  });

  it('of what never ends closes nothing, and passes an error on', () => {
    marbles(({ cold, expectObservable }) => {
      expectObservable(cold('-', values).pipe(closedAtEnd())).toBe('-');
      expectObservable(cold('a-', values).pipe(closedAtEnd(), told)).toBe('o-', lines);
      expectObservable(cold('a-#', values).pipe(closedAtEnd(), told)).toBe('o-#', lines);
    });
  });

  it('lets go of its source when nobody listens any more', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold('a-s-s-|', values);
      expectObservable(source.pipe(closedAtEnd(), told), '^--!').toBe('o-s-', lines);
      expectSubscriptions(source.subscriptions).toBe('^--!');
    });
  });

  it('has a state of its own for each subscriber', () => {
    marbles(({ cold, expectObservable }) => {
      const closed = cold('a-|', values).pipe(closedAtEnd(), told);
      expectObservable(closed).toBe('o-(x|)', lines);
      expectObservable(closed, '-^').toBe('-o-(x|)', lines);
    });
  });
});

it('takes no part in what comes between: a message is passed on as it is', () => {
  const seen: SessionMessage[] = [];
  marbles(({ cold, flush }) => {
    cold('asx|', values)
      .pipe(closedAtEnd())
      .subscribe((message) => seen.push(message));
    flush();
  });
  expect(seen).toEqual([values.a, values.s, values.x]);
});
