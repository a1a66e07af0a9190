import { describe, expect, it } from 'vitest';
import { AffectTrajectory } from '../../src/simulation/affect-trajectory.js';
import { correlation, deviation, mean } from './measure.js';

const seeds = Array.from({ length: 20 }, (_, seed) => seed);
const DURATION_S = 1800;

function sampled(seed: number): { valence: Float64Array; arousal: Float64Array } {
  const trajectory = new AffectTrajectory(seed);
  return {
    valence: Float64Array.from({ length: DURATION_S }, (_, t) => trajectory.valence(t)),
    arousal: Float64Array.from({ length: DURATION_S }, (_, t) => trajectory.arousal(t)),
  };
}

describe('AffectTrajectory', () => {
  const all = seeds.map(sampled);

  it('stays within -1..1 and uses that range', () => {
    for (const { valence, arousal } of all)
      for (const x of [valence, arousal]) {
        expect(Math.max(...x)).toBeLessThan(1);
        expect(Math.min(...x)).toBeGreaterThan(-1);
        expect(Math.max(...x)).toBeGreaterThan(0.7);
        expect(Math.min(...x)).toBeLessThan(-0.7);
        expect(deviation(x)).toBeGreaterThan(0.45);
        expect(deviation(x)).toBeLessThan(0.68);
      }
  });

  it('has zero mean and nearly uncorrelated dimensions', () => {
    for (const { valence, arousal } of all) {
      expect(Math.abs(mean(valence))).toBeLessThan(0.06);
      expect(Math.abs(mean(arousal))).toBeLessThan(0.06);
      expect(Math.abs(correlation(valence, arousal))).toBeLessThan(0.2);
    }
  });

  it('is smooth: little changes in a second, much in half a minute', () => {
    for (const { valence } of all) {
      const step = (lag: number) =>
        deviation(Array.from(valence.subarray(lag), (value, i) => value - valence[i]));
      expect(step(1)).toBeLessThan(0.12);
      expect(step(30)).toBeGreaterThan(0.6);
    }
  });

  it('differs between seeds', () => {
    expect(Math.abs(correlation(all[0].valence, all[1].valence))).toBeLessThan(0.3);
  });
});
