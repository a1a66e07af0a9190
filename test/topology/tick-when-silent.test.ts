import { filter, interval, map, type Observable, Subject, type Subscription } from 'rxjs';
import { type RunHelpers, TestScheduler } from 'rxjs/testing';
import { describe, expect, it } from 'vitest';
import { type Clock, VirtualClock } from '../../src/core/clock.js';
import type { StreamMessage } from '../../src/core/signal.js';
import type { SessionMessage } from '../../src/sources/source.js';
import { chunkOf, streamInfo } from '../../src/testing/stream-fixtures.js';
import { tickWhenSilent } from '../../src/topology/tick-when-silent.js';

const eeg = streamInfo({ type: 'EEG', sfreq: 4, labels: ['Cz'], unit: 'uV' });
const open: StreamMessage = { kind: 'open', info: eeg };
const close: StreamMessage = { kind: 'close', id: eeg.id };
/** One second of samples. */
const chunk = (t: number): StreamMessage => ({ kind: 'chunk', chunk: chunkOf(eeg, [[1, 2, 3, 4]], t) });

function textOf({ session, message }: SessionMessage): string {
  switch (message.kind) {
    case 'open':
      return `${session} open ${message.info.type}`;
    case 'chunk':
      return `${session} ${message.chunk.info.type} ${message.chunk.times.join(' ')}`;
    case 'marker':
      return `${session} marker`;
    case 'close':
      return `${session} close ${message.id}`;
  }
}

function start() {
  const clock = new VirtualClock(1000);
  const source = new Subject<SessionMessage>();
  const seen: string[] = [];
  let ended = '';
  const subscription = source.pipe(tickWhenSilent(clock)).subscribe({
    next: (message) => seen.push(textOf(message)),
    error: (error) => {
      ended = `error ${error.message}`;
    },
    complete: () => {
      ended = 'complete';
    },
  });
  const send = (session: string, ...messages: StreamMessage[]): void => {
    for (const message of messages) source.next({ session, message });
  };
  const take = (): string[] => seen.splice(0);
  return { clock, source, send, take, subscription, ended: () => ended };
}

describe('tickWhenSilent', () => {
  it('passes everything on and says nothing while samples come', () => {
    const { clock, send, take } = start();
    send('a', open);
    for (let t = 0; t < 5; t++) {
      send('a', chunk(t));
      clock.advance(1.9);
    }
    send('a', close);
    expect(take()).toEqual([
      'a open EEG',
      ...[0, 1, 2, 3, 4].map((t) => `a EEG ${t} ${t + 0.25} ${t + 0.5} ${t + 0.75}`),
      'a close eeg',
    ]);
  });

  it('tells after two silent seconds how far time has come, from where the samples ended', () => {
    const { clock, send, take } = start();
    send('a', open, chunk(50));
    take();
    clock.advance(2.5);
    expect(take()).toEqual(['a open Ticks', 'a Ticks 51.25', 'a Ticks 51.5']);
    send('a', chunk(53));
    take();
    clock.advance(2.25);
    expect(take()).toEqual(['a Ticks 54.25']);
  });

  it('knows each session by itself, and ends its ticks before its last stream', () => {
    const { clock, send, take } = start();
    send('a', open, chunk(0));
    clock.advance(2);
    send('b', open, chunk(7));
    take();
    clock.advance(0.25);
    expect(take()).toEqual(['a open Ticks', 'a Ticks 1.25']);
    send('a', close);
    expect(take()).toEqual(['a close affectd-ticks', 'a close eeg']);
    clock.advance(60);
    expect(take().every((text) => text.startsWith('b'))).toBe(true);
  });

  it('has nothing to say of a session that never sent a sample', () => {
    const { clock, send, take } = start();
    send('a', open);
    take();
    clock.advance(60);
    expect(take()).toEqual([]);
  });

  describe('as marbles, a second of which is four frames', () => {
    const cancelled = (subscription: Subscription) => ({ cancel: () => subscription.unsubscribe() });
    const run = (test: (helpers: RunHelpers, clock: Clock) => void): void => {
      const scheduler = new TestScheduler((actual, expected) => expect(actual).toEqual(expected));
      const clock: Clock = {
        now: () => scheduler.now() / 4,
        unix: () => scheduler.now() / 4,
        after: (delay_s, action) => cancelled(scheduler.schedule(action, 4 * delay_s)),
        every: (period_s, action) => cancelled(interval(4 * period_s, scheduler).subscribe(action)),
      };
      scheduler.run((helpers) => test(helpers, clock));
    };
    const message = (own: StreamMessage): SessionMessage => ({ session: 'a', message: own });
    const values = { o: message(open), a: message(chunk(0)), c: message(close) };
    const lines = {
      ...{ o: 'a open EEG', a: 'a EEG 0 0.25 0.5 0.75', c: 'a close eeg' },
      ...{ x: 'a tick', z: 'a close affectd-ticks' },
    };
    const told = (clock: Clock) => (source: Observable<SessionMessage>) =>
      source.pipe(
        tickWhenSilent(clock),
        map((one) => textOf(one).replace(/ Ticks .*/, ' tick')),
        filter((text) => text !== 'a open Ticks'),
      );

    it('ticks from two silent seconds on, four times a second, and ends its ticks before the last stream', () => {
      run(({ cold, expectObservable }, clock) => {
        const source = cold('(oa)--------(c|)', values);
        expectObservable(source.pipe(told(clock))).toBe('(oa)-----xxx(zc|)', lines);
      });
    });

    it('of nothing is nothing, never never ends, an error ends it, and nobody is told once nobody listens', () => {
      run(({ cold, expectObservable, expectSubscriptions }, clock) => {
        expectObservable(cold('|', values).pipe(told(clock))).toBe('|');
        expectObservable(cold('o-#', values).pipe(told(clock))).toBe('o-#', lines);
        expectObservable(cold('-', values).pipe(told(clock)), '^ 50ms !').toBe('-');
        const source = cold('(oa)-', values);
        expectObservable(source.pipe(told(clock)), '^ 9ms !').toBe('(oa)-----x', lines);
        expectSubscriptions(source.subscriptions).toBe('^ 9ms !');
      });
    });
  });

  it('ends as its source does, and is quiet once nobody listens', () => {
    const first = start();
    first.source.complete();
    expect(first.ended()).toBe('complete');
    const second = start();
    second.source.error(new Error('torn'));
    expect(second.ended()).toBe('error torn');
    const third = start();
    third.send('a', open, chunk(0));
    third.take();
    third.subscription.unsubscribe();
    third.clock.advance(60);
    expect(third.take()).toEqual([]);
    expect(third.source.observed).toBe(false);
  });
});
