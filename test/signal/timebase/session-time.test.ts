import { describe, expect, it } from 'vitest';
import { ARRIVAL_CLOCK, onGrid, SessionTime } from '../../../src/signal/timebase/session-time.js';

describe('SessionTime', () => {
  it('is the clock that it begins with, for good', () => {
    const session = new SessionTime();
    expect([session.clock, session.zero]).toEqual([null, null]);
    session.begin('unix of a', 1.7e9);
    session.begin('unix of b', 5);
    expect([session.clock, session.zero]).toEqual(['unix of a', 1.7e9]);
  });

  it('tells the time on that clock by the least delay that its samples had', () => {
    const session = new SessionTime();
    session.begin('unix of a', 1000);
    for (let i = 0; i < 10; i++) session.observe(10.03 + i + (i % 3) * 0.1, 1000 + i);
    expect(session.at(20.03)).toBeCloseTo(1010, 9);
  });

  it('tells it by probes where there are any', () => {
    const session = new SessionTime();
    session.begin('lsl of there', 50);
    session.observe(10.2, 50);
    session.measure(-40);
    expect(session.at(10)).toBe(50);
  });

  it('leaves its clock and goes on where it was', () => {
    const session = new SessionTime();
    session.begin('lsl of here', 50);
    session.measure(-40);
    session.leave();
    session.begin('lsl of here', 70);
    expect([session.clock === 'lsl of here', session.zero, session.at(10)]).toEqual([false, 50, 50]);
  });

  it("is our clock where no stream's stamps agreed", () => {
    const session = new SessionTime();
    session.begin(ARRIVAL_CLOCK, 12.5);
    session.observe(12.5, 7e5);
    expect(session.at(13.25)).toBe(13.25);
  });

  it('lies on a grid of 1 us', () => {
    expect(onGrid(1.7e9 + 1 / 3)).toBe(1700000000.333333);
    expect(onGrid(0.0039062500001)).toBe(0.003906);
  });

  it('goes on from its state', () => {
    const [one, other] = [new SessionTime(), new SessionTime()];
    one.begin('unix of a', 1000);
    one.observe(10, 1000);
    other.restore(structuredClone(one.snapshot()));
    expect(other.clock).toBe('unix of a');
    for (const session of [one, other]) session.observe(11, 1001.05);
    expect(other.at(12)).toBe(one.at(12));
  });
});
