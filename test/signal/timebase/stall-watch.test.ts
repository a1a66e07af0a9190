import { describe, expect, it } from 'vitest';
import { type Clock, VirtualClock } from '../../../src/core/clock.js';
import { StallWatch } from '../../../src/signal/timebase/stall-watch.js';

function start(clock = new VirtualClock(1000), of: Clock = clock) {
  const told: number[] = [];
  const watch = new StallWatch(of, (age_s) => told.push(age_s));
  let caughtUp = 0;
  const leave = watch.onCaughtUp(() => caughtUp++);
  return { clock, watch, told, leave, caughtUp: () => caughtUp };
}

describe('StallWatch', () => {
  it('says nothing of a clock that runs, nor of a turn of half a second', () => {
    const { clock, watch, told } = start();
    clock.advance(10);
    clock.stall(0.5);
    clock.advance(10);
    expect(told).toEqual([]);
    expect(watch.isBehind).toBe(false);
    expect(watch.attended()).toBeCloseTo(1020.5, 9);
  });

  it('tells once that we stood still, before its own timer knows, and is behind until a turn brings nothing', () => {
    const { clock, watch, told, caughtUp } = start();
    clock.advance(5);
    clock.stall(60);
    expect(watch.isBehind).toBe(true);
    expect(told).toEqual([expect.closeTo(60, 0)]);
    for (let k = 0; k < 5; k++) {
      watch.came();
      clock.advance(0.001);
      expect([watch.isBehind, caughtUp()]).toEqual([true, 0]);
    }
    clock.advance(0.001);
    expect([watch.isBehind, caughtUp()]).toEqual([false, 1]);
    expect(told).toHaveLength(1);
    expect(watch.attended()).toBeCloseTo(1005.05, 1);
  });

  it('is behind for 5 s at most', () => {
    const { clock, watch, caughtUp } = start();
    /** Something comes in every turn. */
    const flood = (span_s: number): void => {
      for (let t = 0; t < span_s; t += 0.0007) {
        watch.came();
        clock.advance(0.0007);
      }
    };
    clock.stall(2);
    flood(4.98);
    expect(watch.isBehind).toBe(true);
    flood(0.05);
    expect([watch.isBehind, caughtUp()]).toEqual([false, 1]);
  });

  it('counts the sleep of the machine, which its timers know nothing of', () => {
    const { clock, watch, told } = start();
    clock.advance(5);
    clock.sleep(3600);
    clock.advance(0.1);
    expect(told).toEqual([expect.closeTo(3600, 6)]);
    expect(watch.now()).toBeCloseTo(4605.1, 6);
    expect(watch.attended()).toBeCloseTo(1005.1, 6);
    clock.advance(10);
    expect(watch.isBehind).toBe(false);
    expect(told).toHaveLength(1);
  });

  it('counts it before its timer knows', () => {
    const { clock, watch } = start();
    clock.sleep(3600);
    expect([watch.now(), watch.slept_s, watch.isBehind]).toEqual([4600, 3600, true]);
  });

  it('takes no uptime in whole seconds for sleep', () => {
    const clock = new VirtualClock(1000.7);
    const whole: Clock = {
      now: () => clock.now(),
      unix: () => clock.unix(),
      uptime: () => Math.floor(clock.uptime()),
      after: (delay_s, action) => clock.after(delay_s, action),
      every: (period_s, action) => clock.every(period_s, action),
    };
    const { told } = start(clock, whole);
    clock.advance(100);
    expect(told).toEqual([]);
    clock.sleep(5);
    clock.advance(1.1);
    expect(told).toHaveLength(1);
    expect(told[0]).toBeGreaterThan(3.9);
  });

  it('calls nobody who left, and is quiet once stopped', () => {
    const { clock, watch, told, leave, caughtUp } = start();
    leave();
    clock.stall(2);
    expect(watch.isBehind).toBe(true);
    clock.advance(1);
    expect(caughtUp()).toBe(0);
    watch.stop();
    clock.stall(20);
    clock.advance(1);
    expect(told).toHaveLength(1);
  });
});
