import { describe, expect, it } from 'vitest';
import { gapLimit, StampMapper } from '../../src/timebase/stamp-mapper.js';
import { isUnixStamp } from '../../src/timebase/unix-stamps.js';

const mapper = (
  part: Partial<ConstructorParameters<typeof StampMapper>[0]>,
  offsets: readonly (readonly [time: number, offset: number])[] = [],
) =>
  new StampMapper(
    { sfreq: 100, clockSync: true, shift: 0, ...part },
    offsets.map(([time, offset]) => ({ time, offset })),
  );

const run = (m: StampMapper, stamps: readonly number[]) =>
  stamps.map((stamp) => [m.map(stamp), m.lastBreak] as const);

const ramp = (from: number, n: number, sfreq = 100) => Array.from({ length: n }, (_, i) => from + i / sfreq);

describe('StampMapper', () => {
  it('leaves exact stamps exact, with and without clock sync', () => {
    for (const clockSync of [true, false])
      for (const [i, [time, found]] of run(mapper({ clockSync }), ramp(7, 5000)).entries()) {
        expect(Math.abs(time - (7 + i / 100))).toBeLessThan(1e-9);
        expect(found).toBe('none');
      }
  });

  it('applies a constant offset from the first sample on', () => {
    const mapped = run(
      mapper({}, [
        [20, -3.5],
        [25, -3.5],
      ]),
      ramp(15, 2000),
    );
    expect(mapped[0][0]).toBe(11.5);
    expect(mapped[1999][0]).toBeCloseTo(15 + 19.99 - 3.5, 9);
  });

  it('is causal: an offset changes nothing before it was measured', () => {
    const early = run(
      mapper({}, [
        [0, 1],
        [10, 1.01],
      ]),
      ramp(0, 1000),
    );
    const late = run(
      mapper({}, [
        [0, 1],
        [10, 1.02],
      ]),
      ramp(0, 1000),
    );
    expect(early).toEqual(late);
  });

  it('finds a gap only where samples were lost', () => {
    const limit = gapLimit(100);
    const held = run(mapper({}), [...ramp(0, 300), ...ramp(3 + limit - 0.02, 300)]);
    expect(held.every(([, found]) => found === 'none')).toBe(true);
    const lost = run(mapper({}), [...ramp(0, 300), ...ramp(3 + limit + 0.02, 300)]);
    expect(lost.findIndex(([, found]) => found === 'gap')).toBe(300);
    expect(lost[300][0]).toBe(3 + limit + 0.02);
    expect(lost.filter(([, found]) => found !== 'none')).toHaveLength(1);
  });

  it('adds up small losses until they make a gap', () => {
    const stamps = [...ramp(0, 6000), ...[60.2, 61.4, 62.6, 63.8].flatMap((from) => ramp(from, 100))];
    const found = run(mapper({}), stamps).filter(([, b]) => b === 'gap');
    expect(found.length).toBeGreaterThan(0);
  });

  it('never runs backwards', () => {
    const jittery = ramp(0, 2000).map((t, i) => t + (i % 7 === 0 ? -0.03 : 0.02));
    const times = run(mapper({}), jittery).map(([time]) => time);
    expect(times.every((time, i) => i === 0 || time >= times[i - 1])).toBe(true);
  });

  it('moves to the new offsets when the sender restarts', () => {
    const offsets = [
      [1000, 5],
      [1005, 5],
      [3, 1030],
      [8, 1030],
    ] as const;
    const mapped = run(mapper({}, offsets), [...ramp(1000, 800), ...ramp(2, 800)]);
    expect(mapped[799][0]).toBeCloseTo(1012.99, 9);
    expect(mapped[800]).toEqual([1032, 'clock-reset']);
    expect(mapped[1599][0]).toBeCloseTo(1039.99, 9);
  });

  it('goes on where the old clock stopped when nothing tells the new one', () => {
    const mapped = run(mapper({}), [...ramp(1000, 100), ...ramp(2, 100)]);
    expect(mapped[100][1]).toBe('clock-reset');
    expect(mapped[100][0]).toBeCloseTo(1001, 9);
    expect(mapped[199][0]).toBeCloseTo(1001.99, 9);
  });

  it('is not misled by one wild measurement', () => {
    const mapped = run(
      mapper({}, [
        [0, 1],
        [5, 90],
        [10, 1],
        [15, 1],
      ]),
      ramp(0, 2000),
    );
    expect(mapped.every(([time, found], i) => found === 'none' && Math.abs(time - 1 - i / 100) < 1e-9)).toBe(
      true,
    );
  });

  it("keeps the sender's own stamps when clock sync is off", () => {
    const stamps = [0, 0.013, 0.019, 0.032];
    expect(run(mapper({ clockSync: false }, [[0, 5]]), stamps).map(([time]) => time)).toEqual(stamps);
  });

  it('reports no gaps in irregular streams', () => {
    expect(run(mapper({ sfreq: 0 }), [0, 5, 5.1, 90]).map(([, found]) => found)).toEqual(
      Array(4).fill('none'),
    );
  });
});

describe('isUnixStamp', () => {
  it('tells unix time from uptime', () => {
    expect([1644226061, 1e9, 702625.3].map(isUnixStamp)).toEqual([true, false, false]);
  });
});
