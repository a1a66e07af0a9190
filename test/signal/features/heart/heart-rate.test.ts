import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { chunkOf, streamInfo } from '../../../../src/testing/stream-fixtures.js';
import { noise } from '../../transforms/signals.js';
import { expectValues, named, units, vectorAt, vectorOfDevice, vectorsOf } from '../extractor-runs.js';

/** Beats of a heart at `rate`, 1/min, with breathing and beat-to-beat variation. */
function beatsOf(rate: number, seconds: number): number[] {
  const wobble = noise(400, 9);
  const beats: number[] = [0.4];
  while (beats.at(-1)! < seconds) {
    const t = beats.at(-1)!;
    beats.push(t + (60 / rate) * (1 + 0.04 * Math.sin(2 * Math.PI * 0.25 * t) + 0.02 * wobble[beats.length]));
  }
  return beats;
}

const bump = (t: number, width: number) => Math.exp((-t * t) / (2 * width * width));

/** P, QRS and T waves, wandering baseline, noise; mV. */
function ecg(beats: readonly number[], sfreq: number, seconds: number, invert = false): number[] {
  const hiss = noise(Math.round(seconds * sfreq), 4);
  return hiss.map((h, i) => {
    const t = i / sfreq;
    let x = 0;
    for (const b of beats) {
      if (Math.abs(t - b) > 0.6) continue;
      x += 0.12 * bump(t - b + 0.17, 0.02) - 0.15 * bump(t - b + 0.025, 0.01) + bump(t - b, 0.011);
      x += -0.25 * bump(t - b - 0.028, 0.01) + 0.3 * bump(t - b - 0.28, 0.045);
    }
    return (invert ? -1 : 1) * x + 0.4 * Math.sin(2 * Math.PI * 0.3 * t) + 0.04 * h + 3;
  });
}

/** Systolic wave with its dicrotic echo, 200 ms after the heart's beat. */
function ppg(beats: readonly number[], sfreq: number, seconds: number): number[] {
  const hiss = noise(Math.round(seconds * sfreq), 5);
  return hiss.map((h, i) => {
    const t = i / sfreq - 0.2;
    let x = 0;
    for (const b of beats)
      if (Math.abs(t - b) < 1) x += 50 * bump(t - b, 0.09) + 18 * bump(t - b - 0.27, 0.08);
    return x + 20 * Math.sin(2 * Math.PI * 0.2 * t) + 2 * h + 1000;
  });
}

function truth(beats: readonly number[], from: number, to: number) {
  const inside = beats.filter((b) => b >= from && b < to);
  const intervals = inside.slice(1).map((b, i) => b - inside[i]);
  const steps = intervals.slice(1).map((x, i) => 1000 * (x - intervals[i]));
  return {
    rate: 60 / (intervals.reduce((a, b) => a + b) / intervals.length),
    rmssd: Math.sqrt(steps.reduce((a, b) => a + b * b, 0) / steps.length),
  };
}

const SECONDS = 70;

describe('heart-rate', () => {
  for (const rate of [48, 72, 110, 160])
    for (const [type, sfreq, invert] of [
      ['ECG', 128, false],
      ['ECG', 500, true],
      ['PPG', 64, false],
    ] as const)
      it(`finds ${rate} beats a minute in ${type} at ${sfreq} Hz${invert ? ', upside down' : ''}`, () => {
        const beats = beatsOf(rate, SECONDS);
        const row = type === 'ECG' ? ecg(beats, sfreq, SECONDS, invert) : ppg(beats, sfreq, SECONDS);
        const info = streamInfo({ type, sfreq, labels: ['a'], unit: type === 'ECG' ? 'mV' : '' });
        const times = Array.from({ length: 60 }, (_, i) => 10 + i);
        const vectors = vectorsOf('heart-rate', info, [chunkOf(info, [row], 0)], times).map(named);
        for (const [i, vector] of vectors.entries()) {
          const expected = truth(beats, times[i] - 10.5, times[i] - 0.5).rate;
          expect(Math.abs(vector['heart.hr_mean']! - expected) / expected).toBeLessThan(0.04);
        }
        expect(vectors[10]['heart.rmssd']).toBeNull();
        const { rmssd } = truth(beats, times.at(-1)! - 60, times.at(-1)!);
        expect(Math.abs(vectors.at(-1)!['heart.rmssd']! - rmssd)).toBeLessThan(type === 'ECG' ? 2.5 : 6);
      });

  it('gives nothing for noise alone', () => {
    const info = streamInfo({ type: 'ECG', sfreq: 250, labels: ['II'], unit: 'mV' });
    const times = Array.from({ length: 50 }, (_, i) => 10 + i);
    const vectors = vectorsOf('heart-rate', info, [chunkOf(info, [noise(60 * 250, 7)], 0)], times);
    expect(vectors.filter((v) => v.present[0]).length).toBeLessThan(10);
  });

  it('stops when the beats stop, and no interval spans a gap', () => {
    const beats = beatsOf(70, 30);
    const info = streamInfo({ type: 'ECG', sfreq: 250, labels: ['II'], unit: 'mV' });
    const row = ecg(beats, 250, 30).map((x, i) => (i > 20 * 250 ? 3 : x));
    const silent = vectorsOf('heart-rate', info, [chunkOf(info, [row], 0)], [15, 26]).map(named);
    expect(silent[0]['heart.hr_mean']).toBeGreaterThan(60);
    expect(silent[1]['heart.hr_mean']).toBeNull();
    const whole = ecg(beats, 250, 30);
    const gapped = [
      chunkOf(info, [whole.slice(0, 2500)], 0),
      chunkOf(info, [whole.slice(2800)], 2800 / 250, true),
    ];
    for (const v of vectorsOf('heart-rate', info, gapped, [12, 14, 16, 18, 20]).map(named))
      if (v['heart.hr_mean'] !== null) expect(Math.abs(v['heart.hr_mean'] - 70)).toBeLessThan(5);
  });

  it('takes the channel that holds the heart', () => {
    const beats = beatsOf(66, 30);
    const info = streamInfo({ type: 'PPG', sfreq: 64, labels: ['ambient', 'ir'], unit: '' });
    const rows = [noise(30 * 64, 2).map((x) => 1e4 * x), ppg(beats, 64, 30)];
    const [v] = vectorsOf('heart-rate', info, [chunkOf(info, rows, 0)], [20]).map(named);
    expect(Math.abs(v['heart.hr_mean']! - truth(beats, 9.5, 19.5).rate)).toBeLessThan(3);
  });

  it("averages a device's own rate", () => {
    const info = streamInfo({ type: 'HR', sfreq: 1, labels: ['hr'], unit: '1/min' });
    const rates = Array.from({ length: 30 }, (_, i) => 60 + i);
    const [v] = vectorsOf('heart-rate', info, [chunkOf(info, [rates], 0)], [20]).map(named);
    expect(v).toEqual({ 'heart.hr_mean': 74.5, 'heart.rmssd': null });
    const unknown = { ...info, channels: [{ label: 'hr', unit: '', type: 'HR' }] };
    expect(vectorsOf('heart-rate', unknown, [chunkOf(unknown, [rates], 0)], [20])[0].present[0]).toBe(0);
  });

  it("computes rate and RMSSD from a device's intervals", () => {
    const beats = beatsOf(75, 70);
    const info = streamInfo({ type: 'IBI', sfreq: 0, labels: ['ibi'], unit: 's' });
    const lengths = beats.slice(1).map((b, i) => b - beats[i]);
    const [v] = vectorsOf('heart-rate', info, [chunkOf(info, [lengths], beats.slice(1))], [69]).map(named);
    const expected = truth(beats, 9, 69);
    expect(v['heart.rmssd']).toBeCloseTo(expected.rmssd, 0);
    expect(v['heart.hr_mean']! / truth(beats, 58.9, 69).rate).toBeCloseTo(1, 1);
  });

  it('gives 60 over the mean interval, and the root mean square of differences', () => {
    const lengths = Array.from({ length: 60 }, (_, i) => (i % 2 ? 0.9 : 0.8));
    const info = streamInfo({ type: 'IBI', sfreq: 0, labels: ['ibi'], unit: 's' });
    let time = 0;
    const stamps = lengths.map((length) => {
      time += length;
      return time;
    });
    const [vector] = vectorsOf('heart-rate', info, [chunkOf(info, [lengths], stamps)], [45]);
    expect(units(vector)).toEqual({ 'heart.hr_mean': '1/min', 'heart.rmssd': 'ms' });
    expect(named(vector)['heart.rmssd']).toBeCloseTo(100, 9);
    // 12 intervals end within the trailing 10 s, half of either length; or 11, one more of the shorter ones.
    expect(Math.abs(named(vector)['heart.hr_mean']! - 60 / 0.85)).toBeLessThan(0.5);
  });

  it('reads what an Empatica E4 gives: pulse wave, rate, intervals', () => {
    const rate = { type: 'HR', sfreq: 1, channels: [['HR', '1/min'] as const] };
    expectValues(vectorOfDevice('heart-rate', rate, [new Array(30).fill(72)], 20), { 'heart.hr_mean': 72 });
    const slower = { ...rate, channels: [['HR', 'Hz'] as const] };
    expectValues(vectorOfDevice('heart-rate', slower, [new Array(30).fill(1.2)], 20), {
      'heart.hr_mean': 72,
    });
    const beats = beatsOf(72, 30);
    const bvp = { type: 'BVP', sfreq: 64, channels: [['BVP', ''] as const] };
    const row = ppg(beats, 64, 30);
    const ours = streamInfo({ type: 'PPG', sfreq: 64, labels: ['BVP'], unit: '' });
    const pulse = vectorOfDevice('heart-rate', bvp, [row], 20);
    expect(named(pulse)).toEqual(named(vectorAt('heart-rate', ours, [row], 20)));
    expect(Math.abs(named(pulse)['heart.hr_mean']! - 72)).toBeLessThan(4);
  });

  const wristband = new URL('../../../../../shared/recordings/stress-predict/', import.meta.url);
  it.skipIf(!existsSync(wristband))('agrees with what a wristband computes from the same pulse wave', () => {
    const folder = new URL('Raw_data/S05/', wristband);
    const column = (name: string) =>
      readFileSync(new URL(name, folder), 'utf8').trim().split('\n').map(Number);
    const [start, sfreq, ...bvp] = column('BVP.csv');
    const [start_hr, , ...hr] = column('HR.csv');
    const info = streamInfo({ type: 'PPG', sfreq, labels: ['bvp'], unit: '' });
    const times = Array.from({ length: 1190 }, (_, i) => 60 + i);
    const vectors = vectorsOf('heart-rate', info, [chunkOf(info, [bvp.slice(0, 64 * 1300)], 0)], times);
    const differences = vectors.flatMap((v, i) => {
      const theirs = hr[Math.round(times[i] - (start_hr - start))];
      return v.present[0] ? [Math.abs(v.values[0] - theirs)] : [];
    });
    differences.sort((a, b) => a - b);
    expect(differences.length).toBeGreaterThan(600);
    // The wristband smooths its rate over some 10 s and lags.
    expect(differences[differences.length >> 1]).toBeLessThan(5);
  });
});
