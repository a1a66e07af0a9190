import { describe, expect, it } from 'vitest';
import { breathsIn } from '../../../src/signal/detectors/breaths.js';
import { noise } from '../transforms/signals.js';

const SFREQ = 25;
const N = 30 * SFREQ;
const times = Float64Array.from({ length: N }, (_, i) => i / SFREQ);
const breathing = (hz: number, amplitude = 3) =>
  Float64Array.from(times, (t) => amplitude * Math.sin(2 * Math.PI * hz * t + 0.3));
const of = (samples: Float64Array) => breathsIn(times, samples, 1.5 / SFREQ);

describe('breathsIn', () => {
  it.each([6, 15, 30, 50])('counts %d a minute', (rate) => {
    const breaths = of(breathing(rate / 60));
    expect(Math.abs(breaths.rate - rate) / rate).toBeLessThan(0.02);
    expect(breaths.amplitude).toBeCloseTo(6, 0);
    expect(breaths.rate_sd).toBeLessThan(0.1 * rate);
  });

  it('is not led astray by ripples', () => {
    const ripples = noise(N, 1);
    const breaths = of(breathing(0.25).map((x, i) => x + 0.6 * ripples[i]));
    expect(breaths.rate).toBeCloseTo(15, 0);
  });

  it('counts no breath across what is missing', () => {
    const holed = breathing(0.25);
    holed.fill(Number.NaN, 250, 400);
    expect(of(holed).rate).toBeCloseTo(15, 0);
    const late = Float64Array.from(times, (t, i) => (i < 375 ? t : t + 40));
    expect(breathsIn(late, breathing(0.25), 1.5 / SFREQ).rate).toBeCloseTo(15, 0);
  });

  it('says nothing of a constant, of noise, of a single breath', () => {
    for (const samples of [
      new Float64Array(N),
      Float64Array.from(noise(N, 2)),
      breathing(0.04),
      new Float64Array(N).fill(Number.NaN),
    ])
      expect(of(samples).rate).toBeNaN();
  });
});
