import { describe, expect, it } from 'vitest';
import { QrsDetector, SLOWEST_QRS_HZ } from '../../../src/signal/detectors/qrs-detector.js';
import {
  type EcgLead,
  ecgLeads,
  type HeartRhythm,
  type HeartSceneOptions,
  heartRhythms,
  simulateHeartScene,
} from '../../../src/simulation/heart-scene.js';
import { beatF1 } from '../dsp/beat-matching.js';

function detect(x: ArrayLike<number>, sfreq: number, from_s = 0): number[] {
  const beats: number[] = [];
  const detector = new QrsDetector(sfreq, (time) => beats.push(time));
  for (let i = 0; i < x.length; i++) detector.push(x[i], from_s + i / sfreq);
  detector.finish();
  return beats;
}

const calm: HeartSceneOptions = {
  seed: 7,
  sfreq: 250,
  duration_s: 120,
  rate_per_min: 75,
  rhythm: 'sinus',
  lead: 'normal',
  noise_mv: 0.03,
  wander_mv: 0.3,
  mains_mv: 0,
  bursts_per_min: 0,
  burst_mv: 0,
  swell: 1.3,
};
/** Wander as large as the beats, mains, beats that shrink to 40 %. */
const rough = { ...calm, noise_mv: 0.05, wander_mv: 1, mains_mv: 0.1, swell: 2.5 };

function f1(options: HeartSceneOptions, clear = false): number {
  const { ecg, truth, bursts } = simulateHeartScene(options);
  const found = detect(ecg, options.sfreq);
  const inBurst = (t: number) => clear && bursts.some(([from, to]) => t > from - 0.3 && t < to + 1);
  return beatF1(
    truth.map(({ time }) => time).filter((t) => !inBurst(t)),
    found.filter((t) => !inBurst(t)),
    0.5,
    119.5,
  );
}

/** A quarter of the usual size: P waves come near the noise, and flutter waves near the beats. At 100 Hz white noise lies in the band. */
function leastF1(rhythm: HeartRhythm, lead: EcgLead, sfreq: number): number {
  if (lead !== 'small') return sfreq === 100 || lead === 'taller-t' ? 0.985 : 0.99;
  if (rhythm === 'flutter') return 0.9;
  return sfreq === 100 ? 0.96 : 0.98;
}

describe('QrsDetector', () => {
  for (const rhythm of heartRhythms)
    for (const lead of ecgLeads)
      it(`finds the beats of ${rhythm} in a ${lead} lead`, () => {
        for (const sfreq of [100, 250, 360, 1000])
          expect(f1({ ...calm, rhythm, lead, sfreq }), `${sfreq} Hz`).toBeGreaterThanOrEqual(
            leastF1(rhythm, lead, sfreq),
          );
      });

  it.each([40, 50, 110, 150])('finds a sinus rhythm of %d a minute', (rate_per_min) => {
    for (const lead of ecgLeads)
      expect(f1({ ...calm, rate_per_min, lead }), lead).toBeGreaterThanOrEqual(0.99);
  });

  it('holds under wander, mains and beats that change in size', () => {
    for (const rhythm of heartRhythms)
      for (const lead of ['normal', 'inverted', 'deep-s', 'tall-t', 'wide'] as const)
        expect(f1({ ...rough, rhythm, lead }), `${rhythm}, ${lead}`).toBeGreaterThan(0.95);
  });

  it('follows beats that become a quarter, and four times as large', () => {
    for (const rhythm of ['sinus', 'bigeminy', 'pauses'] as const)
      for (const lead of ['normal', 'inverted', 'tall-t'] as const)
        expect(f1({ ...calm, rhythm, lead, gain_step_s: 30 }), `${rhythm}, ${lead}`).toBeGreaterThan(0.97);
  });

  it('holds where electrodes change places, and on a walk', () => {
    for (const rhythm of ['sinus', 'ectopic', 'fibrillation'] as const)
      for (const lead of ['normal', 'deep-s', 'tall-t'] as const) {
        expect(f1({ ...calm, rhythm, lead, reversal_s: 30 }), `${rhythm}, ${lead}`).toBeGreaterThan(0.985);
        expect(f1({ ...calm, rhythm, lead, walk_mv: 0.3 }), `${rhythm}, ${lead}`).toBeGreaterThan(0.985);
      }
  });

  it('is itself again after muscle noise and a slipped electrode', () => {
    for (const rhythm of ['sinus', 'ectopic', 'pauses'] as const)
      for (const lead of ['normal', 'inverted', 'tall-t'] as const)
        expect(f1({ ...calm, rhythm, lead, bursts_per_min: 3, burst_mv: 0.3 }, true)).toBeGreaterThan(0.97);
  });

  it('tells the first and the last beat of a short record, and none twice', () => {
    const { ecg, truth } = simulateHeartScene({ ...calm, duration_s: 8 });
    const found = detect(ecg, calm.sfreq);
    expect(found).toHaveLength(truth.length);
    for (const [i, { time }] of truth.entries()) expect(Math.abs(found[i] - time)).toBeLessThan(0.02);
  });

  it('forgets the past at a gap', () => {
    const { ecg } = simulateHeartScene({ ...calm, duration_s: 20 });
    const beats: number[] = [];
    const detector = new QrsDetector(250, (time) => beats.push(time));
    for (const x of ecg) detector.push(40 * x, 0);
    detector.finish();
    const before = beats.length;
    for (let i = 0; i < ecg.length; i++) detector.push(ecg[i], 100 + i / 250);
    detector.finish();
    expect(beats.slice(before)).toEqual(detect(ecg, 250, 100));
  });

  it('finds nothing in a constant, in zeros, and little in noise that grows out of a signal', () => {
    expect(detect(new Float64Array(5000), 250)).toEqual([]);
    expect(detect(new Float64Array(5000).fill(1e5), 250)).toEqual([]);
    const { ecg } = simulateHeartScene({ ...calm, duration_s: 40, noise_mv: 0.01, wander_mv: 0 });
    const silent = ecg.map((x, i) => (i < 20 * 250 ? x : 0.01 * Math.sin(i)));
    expect(detect(silent, 250).filter((t) => t > 20.5).length).toBeLessThan(4);
  });

  it('keeps up at the slowest rate it takes', () => {
    const { ecg, truth } = simulateHeartScene({ ...calm, sfreq: 25, noise_mv: 0.01 });
    expect(25).toBeGreaterThanOrEqual(SLOWEST_QRS_HZ);
    expect(detect(ecg, 25).length / truth.length).toBeGreaterThan(0.8);
  });
});
