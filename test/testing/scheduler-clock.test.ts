import { Observable, VirtualTimeScheduler } from 'rxjs';
import { describe, expect, it } from 'vitest';
import type { Clock } from '../../src/core/clock.js';
import { SchedulerClock } from '../../src/testing/scheduler-clock.js';
import { marbles } from '../setup/marbles.js';

const ticks = (clock: Clock, period_s: number): Observable<string> =>
  new Observable((subscriber) => {
    const timer = clock.every(period_s, () => subscriber.next(String(clock.now())));
    return () => timer.cancel();
  });

describe('SchedulerClock', () => {
  it('lets marbles reach timers: its time is the time of the diagram', () => {
    marbles(({ expectObservable }, clock) => {
      expectObservable(ticks(clock, 0.25), '^ 999ms !').toBe('250ms a 249ms b 249ms c', {
        ...{ a: '0.25', b: '0.5', c: '0.75' },
      });
    });
  });

  it('may give a second other than a thousand frames', () => {
    marbles(({ expectObservable }, clock) => {
      expectObservable(ticks(clock, 0.5), '^-------------!').toBe('-----a----b---', { a: '0.5', b: '1' });
    }, 10);
  });

  it('calls once, or until cancelled, in order of time, and no more', () => {
    const scheduler = new VirtualTimeScheduler();
    const clock = new SchedulerClock(scheduler);
    const seen: string[] = [];
    clock.after(2, () => seen.push(`b@${clock.now()}`));
    clock.after(1, () => seen.push(`a@${clock.unix()}`));
    clock.after(1.5, () => seen.push('cancelled')).cancel();
    const every = clock.every(1.25, () => {
      seen.push(`e@${clock.now()}`);
      if (seen.length > 3) every.cancel();
    });
    scheduler.flush();
    expect(seen).toEqual(['a@1', 'e@1.25', 'b@2', 'e@2.5']);
  });
});
