import { map, Subject } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../../../src/core/clock.js';
import type { StreamMessage } from '../../../src/core/signal.js';
import type { SessionMessage } from '../../../src/io/sources/source.js';
import { sessionEnd } from '../../../src/pipeline/run/session-end.js';
import { streamInfo } from '../../../src/testing/stream-fixtures.js';
import { marbles } from '../../setup/marbles.js';

const info = (id: string) => ({ ...streamInfo({ type: 'EEG', sfreq: 64, labels: ['Cz'], unit: 'uV' }), id });
/** `a`, `b` open streams; `A`, `B` close them, `x`, `y` are their cuts. */
const messages: Readonly<Record<string, StreamMessage>> = {
  a: { kind: 'open', info: info('a') },
  b: { kind: 'open', info: info('b') },
  A: { kind: 'close', id: 'a' },
  B: { kind: 'close', id: 'b' },
  x: { kind: 'close', id: 'a', cut: true },
  y: { kind: 'close', id: 'b', cut: true },
  z: { kind: 'zero', time: 0 },
};

/** One character is a second. */
const isToldAs = (session: string, ends: string, unsubscribe?: string): void =>
  marbles(({ hot, expectObservable }, clock) => {
    const session$ = hot(session, messages).pipe(map((message) => ({ session: 's', message })));
    expectObservable(sessionEnd(session$, clock).pipe(map(() => 'e')), unsubscribe).toBe(ends);
  }, 1);

const endAt = (second: number): string => `${'-'.repeat(second)}e`;

describe('a session ends', () => {
  it('with its last stream, where none was cut', () => {
    isToldAs('-a-b-A-B', '-------e');
    isToldAs('-a-b-Az-', '--------');
  });

  it('30 s after the last cut, where none comes back', () => {
    isToldAs('-a-x', endAt(33));
    isToldAs('-a-b-x-y', endAt(37));
  });

  it('no sooner for a stream that is closed on purpose after another was cut', () => {
    isToldAs('-a-b-x-B', endAt(35));
  });

  it('not where one opens in the meantime, and then as if nothing had been', () => {
    isToldAs('-a-x----b-----', '-');
    isToldAs(`-a-x${'-'.repeat(20)}b${'-'.repeat(20)}B`, endAt(45));
    isToldAs('-a-x---a--A', endAt(10));
    isToldAs(`-a-x${'-'.repeat(20)}b--y`, endAt(57));
  });

  it('keeps nothing of streams that were closed on purpose, however many, in one session', () => {
    const clock = new VirtualClock();
    const ends: number[] = [];
    const session$ = new Subject<SessionMessage>();
    sessionEnd(session$, clock).subscribe(() => ends.push(clock.now()));
    const say = (message: StreamMessage): void => session$.next({ session: 's', message });
    say(messages.a);
    for (let n = 0; n < 200_000; n++) {
      say({ kind: 'open', info: info(`${n}`) });
      say({ kind: 'close', id: `${n}` });
    }
    expect(ends).toEqual([]);
    say(messages.A);
    expect(ends).toEqual([0]);
  });

  it('never while nothing has opened, and not where nobody listens any more', () => {
    isToldAs('', '');
    isToldAs('z-A--', '-----');
    isToldAs('-a-x', '-', '-----!');
  });

  it('with an error of what it hears', () => {
    marbles(({ hot, expectObservable }, clock) => {
      expectObservable(sessionEnd(hot<never>('--#'), clock)).toBe('--#');
    });
    expect.assertions(1);
  });
});
