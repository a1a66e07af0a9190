import { describe, expect, it } from 'vitest';
import { BandPower } from '../../src/signal/dsp/periodogram.js';
import {
  type headMixings,
  type UnwornHeadOptions,
  unwornEyes,
  unwornHead,
  unwornMessages,
  unwornWrist,
} from '../../src/simulation/unworn.js';

const labels = ['Fp1', 'Fp2', 'O1', 'O2'];
const head = (options: Partial<UnwornHeadOptions> = {}) =>
  unwornHead({
    seed: 1,
    duration_s: 64,
    labels,
    sfreq: 128,
    exponent: 1,
    mixing: 'independent',
    rms_uv: 10,
    filtered: false,
    ...options,
  });
const rms = (row: Float64Array) => Math.sqrt(row.reduce((sum, x) => sum + x * x, 0) / row.length);

function bandRatio(
  rows: readonly Float64Array[],
  low: readonly [number, number],
  high: readonly [number, number],
): number {
  const bands = [low, high].map(([low_hz, high_hz]) => ({ low_hz, high_hz }));
  const sums = [0, 0];
  for (const row of rows) {
    const power = new BandPower(row.length, 128, bands);
    const out = new Float64Array(2);
    power.compute(row, out, 0);
    sums[0] += out[0] / (low[1] - low[0]);
    sums[1] += out[1] / (high[1] - high[0]);
  }
  return sums[0] / sums[1];
}

function correlation(a: Float64Array, b: Float64Array): number {
  return a.reduce((sum, x, i) => sum + x * b[i], 0) / (a.length * rms(a) * rms(b));
}

describe('a headset without a head', () => {
  it.each([0, 0.5, 1, 1.5, 2])('has power that falls as 1 / f^%f', (exponent) => {
    const ratio = bandRatio(head({ exponent }).rows, [2, 3], [32, 48]);
    // Means of f^-exponent over the bands.
    const mean = (from: number, to: number) => {
      let sum = 0;
      for (let f = from; f < to; f += 0.01) sum += Math.exp(-exponent * Math.log(f));
      return (sum * 0.01) / (to - from);
    };
    expect(Math.log(ratio / (mean(2, 3) / mean(32, 48)))).toBeCloseTo(0, 0);
    expect(Math.abs(Math.log(ratio / (mean(2, 3) / mean(32, 48))))).toBeLessThan(0.25);
  });

  it('has the size asked for; filtered, nothing below 0.5 Hz nor above 45', () => {
    for (const row of head({ rms_uv: 30 }).rows) expect(rms(row)).toBeCloseTo(30, 6);
    expect(bandRatio(head({ exponent: 0, filtered: true }).rows, [55, 64], [10, 20])).toBeLessThan(0.05);
  });

  it('has electrodes that are alike where they are mixed: the nearer, the more', () => {
    const between = (mixing: (typeof headMixings)[number]) => {
      const [fp1, fp2, o1] = head({ mixing, exponent: 0 }).rows;
      return [correlation(fp1, fp2), correlation(fp1, o1)];
    };
    expect(Math.max(...between('independent').map(Math.abs))).toBeLessThan(0.05);
    const [near, far] = between('near');
    expect(near).toBeGreaterThan(0.5);
    expect(far).toBeLessThan(0.2);
    expect(Math.max(...between('random').map(Math.abs))).toBeGreaterThan(0.1);
  });

  it('carries mains; the same seed gives the same samples, another one others', () => {
    const [row] = head({ exponent: 0, rms_uv: 1, mains_uv: 50 }).rows;
    expect(rms(row)).toBeCloseTo(Math.sqrt(1 + 1250), 0);
    expect(head().rows).toEqual(head().rows);
    expect(head({ seed: 2 }).rows[0]).not.toEqual(head().rows[0]);
  });
});

it('an eye tracker without eyes gives nothing, a constant or white noise', () => {
  const rows = (gives: 'nothing' | 'constant' | 'white') =>
    unwornEyes({ seed: 1, duration_s: 10, sfreq: 60, gives }).rows;
  expect(rows('nothing').every((row) => row.every(Number.isNaN))).toBe(true);
  expect(rows('constant').every((row) => new Set(row).size === 1)).toBe(true);
  expect(new Set(rows('white')[0]).size).toBe(600);
});

it('a wristband without a wrist has three sensors; a mug cools', () => {
  const [, , room] = unwornWrist({ seed: 1, duration_s: 300, on: 'table' });
  const [ppg, eda, temp] = unwornWrist({ seed: 1, duration_s: 300, on: 'mug' });
  expect([ppg, eda, temp].map(({ info }) => info.type)).toEqual(['PPG', 'EDA', 'TEMP']);
  expect(temp.rows[0][0] - temp.rows[0].at(-1)!).toBeGreaterThan(2);
  expect(Math.abs(room.rows[0][0] - room.rows[0].at(-1)!)).toBeLessThan(0.2);
  expect(eda.rows[0].every((us) => us >= 0)).toBe(true);
});

it('comes as messages of streams that say that they are simulated', () => {
  const streams = unwornWrist({ seed: 1, duration_s: 2.5, on: 'table' });
  const messages = [...unwornMessages(streams)];
  expect(messages.map(({ kind }) => kind)).toEqual([
    ...new Array(3).fill('open'),
    ...new Array(9).fill('chunk'),
    ...new Array(3).fill('close'),
  ]);
  expect(streams.every(({ info }) => info.simulated)).toBe(true);
  const samples = messages.flatMap((m) =>
    m.kind === 'chunk' && m.chunk.info.type === 'PPG' ? [m.chunk.times.length] : [],
  );
  expect(samples).toEqual([64, 64, 32]);
});
