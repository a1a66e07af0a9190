import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../../../src/core/clock.js';
import { SleepMeter } from '../../../src/signal/timebase/sleep-meter.js';

describe('SleepMeter', () => {
  it('adds up sleeps, and looks at uptime only where the wall clock leaps', () => {
    const clock = new VirtualClock(1000);
    let looks = 0;
    const meter = new SleepMeter({
      now: () => clock.now(),
      unix: () => clock.unix(),
      uptime: () => {
        looks++;
        return clock.uptime();
      },
    });
    for (let k = 0; k < 100; k++) {
      clock.advance(0.1);
      expect(meter.slept_s).toBe(0);
    }
    expect(looks).toBe(1);
    clock.sleep(60);
    expect(meter.slept_s).toBeCloseTo(60, 9);
    clock.advance(5);
    clock.sleep(30);
    expect([meter.slept_s, meter.slept_s]).toEqual([expect.closeTo(90, 9), expect.closeTo(90, 9)]);
    expect(looks).toBe(3);
  });

  it('takes no step of the wall clock for sleep, and finds a sleep behind one that hides it', () => {
    const clock = new VirtualClock(1000);
    let step_s = 0;
    const meter = new SleepMeter({
      now: () => clock.now(),
      unix: () => clock.unix() + step_s,
      uptime: () => clock.uptime(),
    });
    step_s = 3600;
    expect(meter.slept_s).toBe(0);
    clock.sleep(60);
    step_s -= 60;
    expect(meter.slept_s).toBe(0);
    meter.look();
    expect(meter.slept_s).toBeCloseTo(60, 9);
  });
});
