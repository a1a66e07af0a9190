import { describe, expect, it } from 'vitest';
import { type HeartSceneOptions, simulateHeartScene } from '../../src/simulation/heart-scene.js';

const options: HeartSceneOptions = {
  seed: 3,
  sfreq: 250,
  duration_s: 60,
  rate_per_min: 75,
  rhythm: 'ectopic',
  lead: 'normal',
  noise_mv: 0,
  wander_mv: 0,
  mains_mv: 0,
  bursts_per_min: 0,
  burst_mv: 0,
  swell: 1,
};

describe('simulateHeartScene', () => {
  it('beats at the rate asked for, with ectopic beats of both kinds', () => {
    const { truth } = simulateHeartScene(options);
    expect(truth.length).toBeGreaterThan(65);
    expect(truth.length).toBeLessThan(85);
    expect(new Set(truth.map(({ kind }) => kind))).toEqual(new Set(['normal', 'atrial', 'ventricular']));
  });

  it('has its R peaks where the truth says, at every rate, and the same beats', () => {
    const scenes = [100, 1000].map((sfreq) => simulateHeartScene({ ...options, sfreq }));
    expect(scenes[0].truth).toEqual(scenes[1].truth);
    for (const { ecg, sfreq, truth } of scenes)
      for (const { time } of truth) {
        const at = Math.round(time * sfreq);
        const reach = Math.round(0.02 * sfreq);
        const near = ecg.subarray(Math.max(0, at - reach), at + reach + 1);
        expect(Math.max(...near)).toBeGreaterThan(0.7);
      }
  });

  it('makes noise only where asked', () => {
    const { ecg, bursts } = simulateHeartScene({ ...options, bursts_per_min: 3, burst_mv: 0.3 });
    const clean = simulateHeartScene(options);
    expect(bursts.length).toBeGreaterThan(1);
    const inside = (t: number) => bursts.some(([from, to]) => t >= from - 0.01 && t < to + 0.01);
    for (let i = 0; i < ecg.length; i++) if (!inside(i / 250)) expect(ecg[i]).toBe(clean.ecg[i]);
  });
});
