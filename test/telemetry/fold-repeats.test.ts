import { map, of, Subject } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../../src/core/clock.js';
import type { SessionEvent } from '../../src/core/event.js';
import { foldedSink, foldRepeats } from '../../src/telemetry/fold-repeats.js';
import { marbles as inFrames } from '../setup/marbles.js';

const event = (code: SessionEvent['code'], session = 's', stream = 'x', message = ''): SessionEvent => ({
  ...{ code, level: 'warn', message, session, stream },
});

/** A second is ten characters. */
const marbles = (test: Parameters<typeof inFrames>[0]): void => inFrames(test, 10);

describe('foldRepeats', () => {
  const late = (n: number): SessionEvent => event('samples-late', 's', 'x', `${n}`);
  const values = {
    a: late(1),
    b: late(2),
    c: late(3),
    d: late(4),
    o: event('gap-found'),
    p: event('samples-late', 't'),
  };
  const told = ({ code, session, message, count }: SessionEvent): string =>
    `${code} ${session} ${message}${count ? ` x${count}` : ''}`;
  const lines = {
    a: 'samples-late s 1',
    b: 'samples-late s 2',
    c: 'samples-late s 3 x2',
    d: 'samples-late s 4',
    o: 'gap-found s ',
    p: 'samples-late t ',
  };

  it('tells the first of a kind at once, and of its repeats the last, with their number, a second later', () => {
    marbles(({ cold, expectObservable }, clock) => {
      const source = cold('-a-b-c-------o----', values);
      expectObservable(source.pipe(foldRepeats(clock), map(told))).toBe('-a---------c-o----', lines);
    });
  });

  it('tells what goes on once a second, and what comes after a second of silence at once', () => {
    marbles(({ cold, expectObservable }, clock) => {
      const source = cold('a-b---------d-------------------a-', values);
      expectObservable(source.pipe(foldRepeats(clock), map(told))).toBe(
        'a---------b---------d-----------a-',
        lines,
      );
    });
  });

  it('keeps kinds apart: code, session and stream', () => {
    marbles(({ cold, expectObservable }, clock) => {
      expectObservable(cold('(aop)---', values).pipe(foldRepeats(clock), map(told))).toBe('(aop)---', lines);
    });
  });

  it('of nothing is nothing, and never never ends', () => {
    marbles(({ cold, expectObservable }, clock) => {
      expectObservable(cold('|', values).pipe(foldRepeats(clock))).toBe('|');
      expectObservable(cold('-', values).pipe(foldRepeats(clock))).toBe('-');
    });
  });

  it('tells what is left before the end, and before an error', () => {
    marbles(({ cold, expectObservable }, clock) => {
      expectObservable(cold('a-b|', values).pipe(foldRepeats(clock), map(told))).toBe('a--(b|)', lines);
      expectObservable(cold('a-b#', values).pipe(foldRepeats(clock), map(told))).toBe('a--(b#)', lines);
    });
  });

  it('lets go of its source and its timers when nobody listens any more', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }, clock) => {
      const source = cold('a-b----------', values);
      expectObservable(source.pipe(foldRepeats(clock), map(told)), '^---!').toBe('a----', lines);
      expectSubscriptions(source.subscriptions).toBe('^---!');
    });
    const clock = new VirtualClock();
    const seen: SessionEvent[] = [];
    const source = new Subject<SessionEvent>();
    const subscription = source.pipe(foldRepeats(clock)).subscribe((one) => seen.push(one));
    source.next(late(1));
    source.next(late(2));
    subscription.unsubscribe();
    clock.advance(10);
    expect(seen).toEqual([late(1)]);
  });

  it('has a state of its own for each subscriber', () => {
    const source = of(late(1), late(2)).pipe(foldRepeats(new VirtualClock()));
    for (let k = 0; k < 2; k++) {
      const seen: string[] = [];
      source.subscribe((one) => seen.push(told(one)));
      expect(seen).toEqual(['samples-late s 1', 'samples-late s 2']);
    }
  });

  it('tells of what comes and goes both, and then which of them holds', () => {
    const clock = new VirtualClock();
    const seen: string[] = [];
    const source = new Subject<SessionEvent>();
    source.pipe(foldRepeats(clock)).subscribe((one) => seen.push(told(one)));
    for (let k = 0; k < 5; k++)
      for (const code of ['session-opened', 'session-closed'] as const) source.next(event(code));
    source.next(event('session-opened'));
    clock.advance(1);
    expect(seen).toEqual(['session-opened s ', 'session-closed s ', 'session-opened s  x9']);
  });

  it('has a bounded number of lines and timers, whoever makes up names', () => {
    const clock = new VirtualClock();
    const seen: SessionEvent[] = [];
    const source = new Subject<SessionEvent>();
    source.pipe(foldRepeats(clock)).subscribe((one) => seen.push(one));
    for (let k = 0; k < 1000; k++) source.next(event('stream-ignored', 's', `x${k}`));
    expect(seen).toHaveLength(9);
    clock.advance(1);
    expect(seen).toHaveLength(10);
    expect(seen.at(-1)).toMatchObject({ stream: 'x999', count: 991 });
    clock.advance(10);
    seen.splice(0);
    for (let k = 0; k < 1000; k++) source.next(event('gap-found', `s${k}`));
    expect(seen).toHaveLength(65);
    clock.advance(1);
    expect(seen.at(-1)).toMatchObject({ session: 's999', count: 935 });
    const all = seen.reduce((sum, { count = 1 }) => sum + count, 0);
    expect(all).toBe(1000);
  });
});

it('foldedSink tells what is left when it closes', () => {
  const seen: SessionEvent[] = [];
  const { events, close } = foldedSink(new VirtualClock(), (one) => seen.push(one));
  for (let k = 0; k < 4; k++) events(event('gap-found'));
  close();
  expect(seen.map(({ count }) => count)).toEqual([undefined, 3]);
});
