import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Random } from '../../../src/core/random.js';
import { MAX_STEPS, StepPattern } from '../../../src/signal/timebase/step-pattern.js';

const fed = (pattern: StepPattern, steps: Iterable<number>, period_s: number | null): StepPattern => {
  for (const step of steps) pattern.push(step, period_s);
  return pattern;
};

const repeated = (steps: readonly number[], times: number): number[] =>
  Array.from({ length: times }, () => steps).flat();

/** Steps of single samples of which one in ten is lost. */
function lossy(period_s: number, count: number): number[] {
  const random = new Random(1, 'lossy');
  return Array.from({ length: count }, () => (random.uniform() < 0.1 ? 2 : 1) * period_s);
}

describe('StepPattern', () => {
  it('tells single samples by their median step: half a period more is a gap', () => {
    const pattern = fed(new StepPattern(), repeated([0.01], 500), 0.01);
    expect(pattern.isPacketed).toBe(false);
    expect(pattern.isGap(0.0149, 0.01)).toBe(false);
    expect(pattern.isGap(0.0151, 0.01)).toBe(true);
  });

  it("takes the rate in use for a stream's first steps, with 25 ms for jitter, and finds nothing without one", () => {
    const pattern = new StepPattern();
    expect(pattern.isGap(0.034, 0.01)).toBe(false);
    expect(pattern.isGap(0.036, 0.01)).toBe(true);
    expect(pattern.isGap(9, null)).toBe(false);
  });

  it('tells packets by the steps at their ends', () => {
    // 12 samples of 1 / 256 s each 60 ms, as a device has that is slower than it says.
    const packet = [...repeated([1 / 256], 11), 0.06 - 11 / 256];
    const pattern = fed(new StepPattern(), repeated(packet, 200), 1 / 256);
    expect(pattern.isPacketed).toBe(true);
    expect(pattern.end_s).toBeCloseTo(0.06 - 11 / 256, 9);
    expect(pattern.isEnd(pattern.end_s)).toBe(true);
    expect(pattern.isEnd(1 / 256)).toBe(false);
    expect(pattern.isGap(pattern.end_s + 0.0019, 1 / 256)).toBe(false);
    expect(pattern.isGap(pattern.end_s + 0.06, 1 / 256)).toBe(true);
    expect(pattern.rateOver(4, 1 / 256)!.rate_hz).toBeCloseTo(200, 6);
  });

  it('measures through gaps, which take no time and no sample', () => {
    const steps = lossy(0.01, 1000);
    const pattern = fed(new StepPattern(), steps, 0.01);
    expect(pattern.isGap(0.02, 0.01)).toBe(true);
    expect(pattern.rateOver(4, 0.01)!.rate_hz).toBeCloseTo(100, 6);
    expect(pattern.rateOver(60, 0.01)).toBeNull();
  });

  it('lets a packet be late as far as later ones came back, and remembers that for a minute', () => {
    const packets = (count: number) => repeated([...repeated([1 / 256], 11), 1 / 256 + 0.0005], count);
    const pattern = fed(new StepPattern(), packets(100), 1 / 256);
    const late = 1 / 256 + 0.03;
    expect(pattern.isGap(late, 1 / 256)).toBe(true);
    // One packet 30 ms late, the next on time again.
    fed(pattern, [...repeated([1 / 256], 11), late, ...repeated([1 / 256], 11), 1 / 256 - 0.03], 1 / 256);
    fed(pattern, packets(40), 1 / 256);
    expect(pattern.isGap(late, 1 / 256)).toBe(false);
    expect(pattern.isGap(1 / 256 + 12 / 256, 1 / 256)).toBe(true);
    fed(pattern, packets(1400), 1 / 256);
    expect(pattern.isGap(late, 1 / 256)).toBe(true);
  });

  it('knows of a packet that was late as soon as the next one has made up for it', () => {
    const late_s = 0.03;
    const step = [...repeated([1 / 256], 11), 1 / 256 + 0.0005];
    const pattern = fed(new StepPattern(), repeated(step, 100), 1 / 256);
    for (let more = 0; more < 12; more++) {
      pattern.push(1 / 256 + 0.0005 + late_s, 1 / 256);
      expect(pattern.isGap(1 / 256 + late_s, 1 / 256)).toBe(more === 0);
      fed(pattern, [...repeated([1 / 256], 11), 1 / 256 - late_s], 1 / 256);
      expect(pattern.isGap(1 / 256 + late_s, 1 / 256)).toBe(false);
      fed(pattern, repeated(step, 3), 1 / 256);
    }
  });

  it('never takes losses for lateness, whatever rate was declared: they would hide each other for good', () => {
    for (const period_s of [1 / 128, 1 / 100, 1 / 64, 1 / 300, null]) {
      const steps = lossy(1 / 128, 4000);
      const pattern = fed(new StepPattern(), steps, period_s);
      expect(pattern.isGap(2 / 128, null)).toBe(true);
    }
  });

  it('keeps a bounded state and gives no NaN, whatever comes', () => {
    const wild = fc.oneof(fc.double({ min: -1, max: 1e11, noNaN: true }), fc.constant(0), fc.constant(1e-9));
    fc.assert(
      fc.property(fc.array(wild, { maxLength: 300 }), (steps) => {
        const pattern = fed(new StepPattern(), steps, 0.01);
        expect(Number.isNaN(pattern.longest_s)).toBe(false);
        expect(typeof pattern.isGap(1, 0.01)).toBe('boolean');
      }),
    );
    const pattern = fed(new StepPattern(), repeated([1e-6], 3 * MAX_STEPS), 1e-6);
    expect(pattern.snapshot().steps.length).toBeLessThanOrEqual(MAX_STEPS);
  });

  it('goes on from its state', () => {
    const [one, other] = [new StepPattern(), new StepPattern()];
    const steps = Array.from({ length: 3000 }, (_, i) => 0.004 + 0.001 * Math.sin(i * i));
    fed(one, steps.slice(0, 1234), 0.004);
    other.restore(structuredClone(one.snapshot()));
    for (const step of steps.slice(1234)) {
      expect(other.isGap(step * 1.9, 0.004)).toBe(one.isGap(step * 1.9, 0.004));
      expect(other.push(step, 0.004)).toBe(one.push(step, 0.004));
    }
    expect(other.snapshot()).toEqual(one.snapshot());
  });
});
