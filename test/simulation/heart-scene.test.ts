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

  it('has the ventricular beats of bigeminy, trigeminy and runs where they belong', () => {
    const kinds = (rhythm: HeartSceneOptions['rhythm']) =>
      simulateHeartScene({ ...options, rhythm })
        .truth.map(({ kind }) => kind[0])
        .join('');
    expect(kinds('bigeminy')).toMatch(/^n?(vn)+v?$/);
    expect(kinds('trigeminy')).toMatch(/^n{0,2}(vnn)+v?n?$/);
    expect(kinds('runs')).toMatch(/nv{3,8}n/);
  });

  it('leaves atrial waves that are not conducted without a beat, and shows a pacemaker before each', () => {
    const blocked = simulateHeartScene({ ...options, rhythm: 'block' }).truth.map(({ time }) => time);
    const longest = Math.max(...blocked.slice(1).map((time, i) => time - blocked[i]));
    expect(longest).toBeGreaterThan(1.4);
    const { ecg, truth } = simulateHeartScene({ ...options, rhythm: 'paced', sfreq: 1000 });
    for (const { time } of truth.slice(1, -1)) {
      const at = Math.round((time - 0.05) * 1000);
      expect(ecg[at] - ecg[at - 10]).toBeGreaterThan(1);
    }
  });

  it('changes size and polarity on time', () => {
    const plain = simulateHeartScene({ ...options, rhythm: 'sinus' });
    const { ecg } = simulateHeartScene({ ...options, rhythm: 'sinus', gain_step_s: 15 });
    const largest = (from: number) => Math.max(...ecg.subarray(from * 250, (from + 10) * 250));
    expect(largest(20) / largest(2)).toBeCloseTo(0.25, 1);
    expect(largest(48) / largest(2)).toBeCloseTo(4, 0);
    const turned = simulateHeartScene({ ...options, rhythm: 'sinus', reversal_s: 20 }).ecg;
    expect(turned[5500]).toBe(-plain.ecg[5500]);
    expect(turned[1000]).toBe(plain.ecg[1000]);
  });
});
