import { describe, expect, it } from 'vitest';
import { type RateChange, RateMeter } from '../../../src/signal/timebase/rate-meter.js';
import { StepPattern } from '../../../src/signal/timebase/step-pattern.js';

/** Feeds `seconds` of samples at `true_hz`; returns when rates changed, s. */
function fed(
  [meter, pattern]: readonly [RateMeter, StepPattern],
  true_hz: number,
  seconds: number,
): (RateChange & { readonly at_s: number })[] {
  const changes: (RateChange & { readonly at_s: number })[] = [];
  for (let i = 1; i <= seconds * true_hz; i++) {
    const isDue = pattern.push(1 / true_hz, meter.period_s);
    const change = isDue ? meter.look(pattern) : null;
    if (change) changes.push({ ...change, at_s: i / true_hz });
  }
  return changes;
}

const declared = (hz: number) => [new RateMeter(hz), new StepPattern()] as const;

describe('RateMeter', () => {
  it('keeps the declared rate while the true one is within 2 %', () => {
    for (const hz of [250, 251, 254.9, 245.1]) {
      const meter = declared(250);
      expect(fed(meter, hz, 130)).toEqual([]);
      expect(meter[0].used_hz).toBe(250);
    }
  });

  it('uses one that is more than 10 % off after 5 s, and more than 2 % off after a minute', () => {
    const [far] = fed(declared(250), 220, 10);
    expect(far.used_hz).toBe(220);
    expect(far.at_s).toBeLessThanOrEqual(5.5);
    const near = fed(declared(250), 257.5, 130);
    expect(near).toHaveLength(1);
    expect(near[0].used_hz).toBe(257.5);
    expect(near[0].at_s).toBeGreaterThan(55);
    expect(near[0].at_s).toBeLessThanOrEqual(62);
  });

  it('looks again at one that changed on the way, once it has measured nothing else, and then holds it', () => {
    const meter = declared(100);
    fed(meter, 100, 30);
    const changes = fed(meter, 125, 130);
    expect(changes).toHaveLength(2);
    expect(changes[1].used_hz).toBe(125);
    expect(changes[1].at_s).toBeLessThanOrEqual(10);
  });

  it('goes back to the declared rate when the true one does', () => {
    const meter = declared(250);
    expect(fed(meter, 200, 20).map(({ used_hz }) => used_hz)).toEqual([200]);
    expect(fed(meter, 250, 80).at(-1)!.used_hz).toBe(250);
    expect(meter[0].used_hz).toBe(250);
  });

  it('uses nothing beyond a factor of 2.5, until the rate is within it again', () => {
    const meter = declared(100);
    expect(fed(meter, 260, 20).map(({ used_hz }) => used_hz)).toEqual([null]);
    expect(meter[0].isUnusable).toBe(true);
    const back = fed(meter, 100, 20);
    expect(meter[0].isUnusable).toBe(false);
    expect(back.at(-1)!.used_hz).toBe(100);
  });

  it('takes packets whose stamps overlap, as later ones make up for it, for no samples that come twice', () => {
    // OpenBCI's GUI: bursts of three packets of ten, the second stamped back into the first.
    const ends_s = [-0.0275, 0.012, 0.0275 + 0.004 * 3 - 0.012];
    const meter = declared(250);
    const changes: RateChange[] = [];
    for (let i = 1; i <= 250 * 90; i++) {
      const step_s = i % 10 === 0 ? ends_s[(i / 10) % 3] : 0.004;
      const change = meter[1].push(step_s, meter[0].period_s) ? meter[0].look(meter[1]) : null;
      if (change) changes.push(change);
    }
    expect(changes).toEqual([]);
  });

  it('leaves out a packet that comes twice', () => {
    const meter = declared(250);
    const changes: RateChange[] = [];
    for (let packet = 0; packet < 25 * 30; packet++)
      for (let i = 0; i < 10; i++) {
        const isAgain = Number.isInteger(Math.sqrt(packet));
        const step_s = i === 0 && isAgain ? 0.004 - 0.04 : 0.004;
        const change = meter[1].push(step_s, meter[0].period_s) ? meter[0].look(meter[1]) : null;
        if (change) changes.push(change);
      }
    expect(changes).toEqual([]);
  });

  it('measures a rate that nobody declared', () => {
    const meter = declared(0);
    expect(meter[0].period_s).toBeNull();
    const changes = fed(meter, 300, 130);
    expect(changes.map(({ used_hz }) => used_hz)).toEqual([300]);
    expect(changes[0].at_s).toBeLessThanOrEqual(5.5);
  });

  it('rounds to 0.1 Hz, and below 20 Hz to 1 %', () => {
    expect(fed(declared(250), 220.437, 10)[0].used_hz).toBe(220.4);
    const [slow] = fed(declared(16), 11.137, 20);
    expect(Math.abs(slow.used_hz! / 11.137 - 1)).toBeLessThanOrEqual(0.01);
  });

  it('goes on from its state', () => {
    const [one, other] = [declared(250), declared(250)];
    fed(one, 257.5, 40);
    for (const part of [0, 1] as const) other[part].restore(structuredClone(one[part].snapshot()) as never);
    expect(fed(other, 257.5, 40)).toEqual(fed(one, 257.5, 40));
    expect(other[0].snapshot()).toEqual(one[0].snapshot());
  });
});
