import { describe, expect, it } from 'vitest';
import { SignalQualityMeter } from '../../../src/signal/dsp/signal-quality.js';
import { noise } from '../transforms/signals.js';

const SFREQ = 256;
const N = 512;
const meter = new SignalQualityMeter(N, SFREQ);
const measure = (x: ArrayLike<number>) => meter.measure(Float64Array.from(x));
const sine = (hz: number, amplitude: number) =>
  Array.from({ length: N }, (_, i) => amplitude * Math.sin((2 * Math.PI * hz * i) / SFREQ + 0.4));
const sum = (...rows: readonly number[][]) =>
  rows[0].map((_, i) => rows.reduce((total, row) => total + row[i], 0));

describe('SignalQualityMeter', () => {
  it('tells the shares of power that mains and high frequencies have, whatever the offset', () => {
    // Powers 200 (10 Hz), 50 (50 Hz), 50 (100 Hz).
    for (const offset of [0, 1e5]) {
      const quality = measure(sum(sine(10, 20), sine(50, 10), sine(100, 10)).map((x) => x + offset));
      expect(quality.line_50).toBeCloseTo(50 / 300, 4);
      expect(quality.line_60).toBeCloseTo(0, 4);
      expect(quality.high_frequency).toBeCloseTo(50 / 300, 4);
      expect(quality.amplitude).toBeCloseTo(Math.sqrt(300), 2);
      expect([quality.flat, quality.railed]).toEqual([0, 0]);
    }
    expect(measure(sum(sine(10, 20), sine(60, 20))).line_60).toBeCloseTo(0.5, 4);
  });

  it('does not count drift as amplitude', () => {
    const long = new SignalQualityMeter(2 * N, SFREQ);
    const drift = Float64Array.from(
      { length: 2 * N },
      (_, i) => 500 * Math.sin((2 * Math.PI * 0.25 * i) / SFREQ),
    );
    const slow = long.measure(drift.map((x, i) => x + 20 * Math.sin((2 * Math.PI * 10 * i) / SFREQ)));
    expect(slow.amplitude).toBeCloseTo(20 / Math.SQRT2, 1);
  });

  it('finds flat and railed stretches', () => {
    const live = noise(N, 1).map((x) => 20 * x);
    expect(measure(live.map((x, i) => (i < 128 ? 3 : x))).flat).toBe(0.25);
    expect(measure(live.map((x, i) => (i < 100 ? 3 : x)))).toMatchObject({ flat: 0, railed: 0 });
    const railed = measure(live.map((x, i) => (i % 64 < 32 ? (i % 128 < 64 ? 187500 : -187500) : x)));
    expect(railed).toMatchObject({ flat: 0, railed: 0.5 });
    const dead = measure(live.map(() => 1e5 + 0.1));
    expect(dead).toMatchObject({ flat: 1, railed: 0, amplitude: 0 });
    expect(dead.line_50).toBeNaN();
  });

  it('counts what is measured, and gives no spectrum of what is not whole', () => {
    const holed = measure(noise(N, 1).map((x, i) => (i < 256 ? Number.NaN : i < 384 ? 3 : x)));
    expect(holed.flat).toBe(0.5);
    expect(holed.line_50).toBeNaN();
    expect(holed.amplitude).toBeNaN();
    expect(measure(noise(N - 1, 1)).amplitude).toBeNaN();
    expect(Object.values(measure(noise(N, 1).map(() => Number.NaN))).every(Number.isNaN)).toBe(true);
  });

  it('says nothing of lines that the rate does not reach', () => {
    const slow = new SignalQualityMeter(200, 100).measure(Float64Array.from(noise(200, 1)));
    expect(slow.line_50).toBeNaN();
    expect(slow.line_60).toBeNaN();
    expect(slow.high_frequency).toBeGreaterThan(0.2);
  });
});
