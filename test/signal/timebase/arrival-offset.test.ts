import { describe, expect, it } from 'vitest';
import { ArrivalOffset } from '../../../src/signal/timebase/arrival-offset.js';

describe('ArrivalOffset', () => {
  it('is the least (arrival - stamp), less half the least round trip', () => {
    const offset = new ArrivalOffset();
    expect(offset.offset_s).toBeNull();
    offset.roundTrip(0, 0.08);
    offset.roundTrip(1, 0.05);
    offset.roundTrip(2, -1);
    offset.roundTrip(3, Number.NaN);
    for (let i = 0; i < 100; i++) offset.observe(10 + i, 3 + i - (i % 7) * 0.01);
    expect(offset.offset_s).toBeCloseTo(7 - 0.025, 9);
  });

  it('falls at once where it is more than 0.1 s too great, and moves by at most 10 ms a second else', () => {
    const offset = new ArrivalOffset();
    offset.observe(0, 0);
    offset.observe(1, 1.5);
    expect(offset.offset_s).toBeCloseTo(-0.5, 12);
    offset.observe(2, 2.55);
    expect(offset.offset_s).toBeCloseTo(-0.51, 12);
    offset.observe(3, 3.5);
    expect(offset.offset_s).toBeCloseTo(-0.52, 12);
  });

  it('moves no faster for a round trip in which the ping waited, and comes back by the next', () => {
    const offset = new ArrivalOffset();
    for (let t = 0; t < 5; t++) offset.observe(t, t - 0.01);
    offset.roundTrip(5, 3);
    for (let t = 5; t < 10; t++) {
      offset.observe(t, t - 0.01);
      expect(offset.offset_s).toBeCloseTo(0.01 - 0.01 * (t - 4), 9);
    }
    offset.roundTrip(10, 0.02);
    for (let t = 10; t < 15; t++) offset.observe(t, t - 0.01);
    expect(offset.offset_s).toBeCloseTo(0, 9);
  });

  it('follows drift once what was less is a minute old', () => {
    const offset = new ArrivalOffset();
    for (let t = 0; t <= 300; t++) offset.observe(t, t * (1 - 500e-6));
    expect(offset.offset_s).toBeCloseTo(240 * 500e-6, 3);
  });

  it('takes what comes late after a silence for late, and forgets meanwhile no more than a quartz drifts', () => {
    for (const silence_s of [61, 75, 600]) {
      const offset = new ArrivalOffset();
      for (let t = 0; t <= 100; t++) offset.observe(t, t);
      const back_s = 100 + silence_s;
      // What was kept comes within 40 s.
      for (let t = 0; t <= 40; t++) offset.observe(back_s + t, 100 + (t / 40) * (silence_s + 40));
      expect(offset.offset_s).toBeGreaterThanOrEqual(0);
      expect(offset.offset_s).toBeLessThanOrEqual(0.02 + silence_s * 1e-4);
    }
  });

  it('follows at once what a quartz drifted in an hour of silence', () => {
    for (const ppm of [-50, 50]) {
      const offset = new ArrivalOffset();
      const stampAt = (t: number): number => t * (1 - ppm * 1e-6);
      for (let t = 0; t <= 100; t++) offset.observe(t, stampAt(t));
      offset.observe(3700, stampAt(3700));
      expect(offset.offset_s).toBeCloseTo(3700 * ppm * 1e-6, 2);
    }
  });

  it('begins anew at what is known of another clock', () => {
    const offset = new ArrivalOffset();
    offset.roundTrip(0, 0.04);
    offset.observe(0, 0);
    offset.begin(10, 3600.02);
    expect(offset.offset_s).toBeCloseTo(3600, 9);
    offset.observe(11, 11 - 3600.02);
    expect(offset.offset_s).toBeCloseTo(3600, 9);
  });

  it('goes on from its state', () => {
    const [one, other] = [new ArrivalOffset(), new ArrivalOffset()];
    one.roundTrip(0, 0.04);
    for (let t = 0; t < 50; t++) one.observe(t, t - (t % 3) * 0.05);
    other.restore(structuredClone(one.snapshot()));
    for (let t = 50; t < 150; t++) {
      for (const offset of [one, other]) offset.observe(t, t + (t % 5) * 0.02);
      expect(other.offset_s).toBe(one.offset_s);
    }
  });
});
