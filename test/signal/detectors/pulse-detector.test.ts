import { describe, expect, it } from 'vitest';
import { PulseDetector } from '../../../src/signal/detectors/pulse-detector.js';
import { type HeartSceneOptions, simulateHeartScene } from '../../../src/simulation/heart-scene.js';
import { beatF1 } from '../dsp/beat-matching.js';

function detect(x: ArrayLike<number>, sfreq: number, from_s = 0): number[] {
  const beats: number[] = [];
  const detector = new PulseDetector(sfreq, (time) => beats.push(time));
  for (let i = 0; i < x.length; i++) detector.push(x[i], from_s + i / sfreq);
  detector.finish();
  return beats;
}

const calm: HeartSceneOptions = {
  seed: 9,
  sfreq: 64,
  duration_s: 120,
  rate_per_min: 75,
  rhythm: 'sinus',
  lead: 'normal',
  noise_mv: 0.03,
  wander_mv: 0,
  mains_mv: 0,
  bursts_per_min: 0,
  burst_mv: 0,
  swell: 1.3,
};
/** From the R peak to the finger's systolic peak, s. */
const TRANSIT_S = 0.35;

function f1(options: HeartSceneOptions): number {
  const { ppg, truth } = simulateHeartScene(options);
  return beatF1(
    truth.map(({ time }) => time + TRANSIT_S),
    detect(ppg, options.sfreq),
    0.5,
    119,
  );
}

describe('PulseDetector', () => {
  it.each([25, 64, 100, 250, 1000])('finds the pulses of a sinus rhythm at %d Hz', (sfreq) => {
    for (const rate_per_min of [50, 75, 110])
      expect(f1({ ...calm, sfreq, rate_per_min })).toBeGreaterThanOrEqual(0.99);
  });

  it('finds irregular pulses; early beats that hardly fill the vessel may be missed', () => {
    for (const rhythm of ['ectopic', 'fibrillation', 'pauses'] as const)
      expect(f1({ ...calm, rhythm }), rhythm).toBeGreaterThan(0.97);
    for (const rhythm of ['bigeminy', 'trigeminy', 'runs', 'block'] as const)
      expect(f1({ ...calm, rhythm }), rhythm).toBeGreaterThan(0.92);
    for (const rhythm of ['bigeminy', 'trigeminy', 'pauses'] as const)
      expect(f1({ ...calm, rhythm, rate_per_min: 50 }), rhythm).toBeGreaterThan(0.98);
  });

  it('dates a pulse at its peak, and tells the first and the last', () => {
    const { ppg, truth } = simulateHeartScene({ ...calm, duration_s: 10, sfreq: 250 });
    const peaks = truth.map(({ time }) => time + TRANSIT_S).filter((t) => t > 0.3 && t < 9.8);
    const found = detect(ppg, 250);
    for (const peak of peaks) expect(Math.min(...found.map((f) => Math.abs(f - peak)))).toBeLessThan(0.03);
    expect(found.length - peaks.length).toBeLessThan(2);
  });

  it('starts anew after a gap and finds nothing in a constant', () => {
    const { ppg } = simulateHeartScene({ ...calm, duration_s: 20 });
    const beats: number[] = [];
    const detector = new PulseDetector(64, (time) => beats.push(time));
    for (let i = 0; i < ppg.length; i++) detector.push(40 * ppg[i] + 3, i / 64);
    detector.finish();
    const before = beats.length;
    for (let i = 0; i < ppg.length; i++) detector.push(ppg[i], 100 + i / 64);
    detector.finish();
    expect(beats.slice(before)).toEqual(detect(ppg, 64, 100));
    expect(detect(new Float64Array(1000).fill(2048), 64)).toEqual([]);
  });
});
