import { describe, expect, it } from 'vitest';
import { StaleLimit, staleLimit_s } from '../../../src/signal/timebase/stale-limit.js';

const heard = (limit: StaleLimit, arrivals: readonly number[]): StaleLimit => {
  for (const arrival of arrivals) limit.came(arrival);
  return limit;
};

const every = (step_s: number, until_s: number): number[] =>
  Array.from({ length: Math.floor(until_s / step_s) + 1 }, (_, i) => i * step_s);

describe('staleLimit_s', () => {
  it('is max(0.6, 3 / sfreq), and a limit of the type where the rate is irregular', () => {
    expect([500, 6, 4, 1].map((sfreq) => staleLimit_s({ type: 'EDA', sfreq }))).toEqual([0.6, 0.6, 0.75, 3]);
    expect((['Gaze', 'HR', 'IBI', 'EDA'] as const).map((type) => staleLimit_s({ type, sfreq: 0 }))).toEqual([
      0.5, 5, 5, 2,
    ]);
  });
});

describe('StaleLimit', () => {
  it.each([
    { sfreq: 256, step_s: 0.05, limit_s: 0.6 },
    { sfreq: 4, step_s: 0.25, limit_s: 0.75 },
    { sfreq: 1, step_s: 1, limit_s: 3 },
    { sfreq: 0.1, step_s: 10, limit_s: 5 },
    { sfreq: 60, step_s: 1, limit_s: 1.5 },
    { sfreq: 60, step_s: 1.5, limit_s: 2.25 },
    { sfreq: 60, step_s: 4, limit_s: 5 },
  ])('is $limit_s s at $sfreq Hz in messages each $step_s s', ({ sfreq, step_s, limit_s }) => {
    const limit = heard(new StaleLimit(sfreq), every(step_s, 40));
    const [last] = every(step_s, 40).slice(-1);
    expect(limit.limitAt(last)).toBeCloseTo(limit_s, 9);
    expect(limit.isStale(last + limit_s - 1e-6)).toBe(false);
    expect(limit.isStale(last + limit_s + 1e-6)).toBe(true);
  });

  it('goes by the least step so far where there are fewer than three', () => {
    const limit = new StaleLimit(60);
    heard(limit, [0]);
    expect(limit.limitAt(0)).toBe(0.6);
    heard(limit, [1.2]);
    expect(limit.limitAt(1.2)).toBeCloseTo(1.8, 9);
    heard(limit, [1.2, 2.2]);
    expect(limit.limitAt(2.2)).toBeCloseTo(1.5, 9);
    heard(limit, [2.25]);
    expect(limit.limitAt(2.25)).toBe(0.6);
  });

  it('is not stale before the first sample', () => {
    expect(new StaleLimit(256).isStale(1e6)).toBe(false);
  });

  it('forgives two stutters, and forgets them after 30 s', () => {
    const limit = heard(new StaleLimit(256), [0, 0.05, 1.55, 3.05]);
    expect(limit.limitAt(3.05)).toBe(0.6);
    heard(limit, [4.55]);
    expect(limit.limitAt(4.55)).toBeCloseTo(2.25, 9);
    expect(limit.limitAt(31.7)).toBe(0.6);
  });

  it("is a type's limit where the rate is irregular", () => {
    const limit = heard(new StaleLimit(0, 5), every(1, 30));
    expect(limit.limitAt(30)).toBe(5);
  });

  it('takes no step from arrivals that we were late to see', () => {
    const limit = new StaleLimit(256);
    for (let i = 0; i < 10; i++) limit.came(i * 2, true);
    expect(limit.limitAt(18)).toBe(0.6);
    expect(limit.isStale(18.5)).toBe(false);
  });

  it('is the same however messages are cut: what comes at once makes no step', () => {
    const [whole, split] = [new StaleLimit(60), new StaleLimit(60)];
    for (const arrival of every(1.3, 40)) {
      whole.came(arrival);
      for (let i = 0; i < 78; i++) split.came(arrival);
      expect(split.limitAt(arrival)).toBe(whole.limitAt(arrival));
    }
  });

  it('goes on from its state', () => {
    const one = heard(new StaleLimit(60), every(1.1, 20));
    const other = new StaleLimit(60);
    other.restore(structuredClone(one.snapshot()));
    for (const limit of [one, other]) heard(limit, [22, 24, 26]);
    for (let t = 26; t < 70; t++) {
      expect(other.limitAt(t)).toBe(one.limitAt(t));
      expect(other.isStale(t)).toBe(one.isStale(t));
    }
  });
});
