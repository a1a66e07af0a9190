import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SlidingLeast } from '../../../src/signal/timebase/sliding-least.js';

const SPAN_S = 60;
/** What counts as one value. */
const SHARE_S = SPAN_S / 600;

const pushed = fc.array(
  fc.tuple(fc.double({ min: 0, max: 5, noNaN: true }), fc.integer({ min: -50, max: 50 })),
  {
    minLength: 1,
    maxLength: 200,
  },
);

describe('SlidingLeast', () => {
  it('is the least of the span, to a share of it', () => {
    fc.assert(
      fc.property(pushed, (steps) => {
        const sliding = new SlidingLeast(SPAN_S);
        const all: [time: number, value: number][] = [];
        let time = 0;
        for (const [step, value] of steps) {
          time += step;
          all.push([time, value]);
          sliding.push(time, value);
          const within = (span_s: number) =>
            Math.min(...all.filter(([at]) => at >= time - span_s).map(([, v]) => v));
          expect(sliding.least).toBeGreaterThanOrEqual(within(SPAN_S));
          expect(sliding.least).toBeLessThanOrEqual(within(SPAN_S - SHARE_S));
        }
      }),
    );
  });

  it('is Infinity of nothing, and forgets everything when told to', () => {
    const sliding = new SlidingLeast(SPAN_S);
    expect(sliding.least).toBe(Number.POSITIVE_INFINITY);
    sliding.push(0, 1);
    sliding.clear();
    expect(sliding.least).toBe(Number.POSITIVE_INFINITY);
  });

  it('keeps a bounded state, whatever comes', () => {
    const sliding = new SlidingLeast(SPAN_S);
    for (let i = 0; i < 500_000; i++) sliding.push(i / 5000, i);
    expect(sliding.snapshot().times.length).toBeLessThanOrEqual(601);
  });

  it('goes on from its state', () => {
    const [one, other] = [new SlidingLeast(SPAN_S), new SlidingLeast(SPAN_S)];
    for (let i = 0; i < 100; i++) one.push(i, (i * 37) % 23);
    const state = one.snapshot();
    other.restore(structuredClone(state));
    for (let i = 100; i < 200; i++) {
      one.push(i, (i * 37) % 23);
      other.push(i, (i * 37) % 23);
      expect(other.least).toBe(one.least);
    }
    expect(state.times.at(-1)).toBe(99);
  });
});
