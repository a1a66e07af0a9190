import { describe, expect, it } from 'vitest';
import reference from '../../../../fixtures/features/reference.json' with { type: 'json' };
import { expectValues, named, streamWith, units, vectorAt, vectorOfDevice } from '../extractor-runs.js';

const axes = [
  ['x', 'g'],
  ['y', 'g'],
  ['z', 'g'],
] as const;
const wristband = streamWith('ACC', 32, axes);
const SAMPLES = 128;
const rowsOf = (sample: (i: number) => readonly number[]) =>
  [0, 1, 2].map((axis) => Array.from({ length: SAMPLES }, (_, i) => sample(i)[axis]));

describe('motion', () => {
  it('equals plain numpy', () => {
    const { acc, acc_sd } = reference.motion;
    expectValues(vectorAt('motion', wristband, acc, 4), { 'body.acc_sd': acc_sd });
  });

  it('measures the magnitude in g, whatever the direction', () => {
    // Magnitudes 1 and 1.2 in turn.
    const vector = vectorAt(
      'motion',
      wristband,
      rowsOf((i) => (i % 2 ? [0.6, 0.8, 0] : [0, 0, -1.2])),
      4,
    );
    expect(units(vector)).toEqual({ 'body.acc_sd': 'g' });
    expectValues(vector, { 'body.acc_sd': 0.1 });
    const turning = rowsOf((i) => [Math.sin(i), Math.cos(i), 0]);
    expectValues(vectorAt('motion', wristband, turning, 4), { 'body.acc_sd': 0 });
  });

  it("converts an Empatica E4's 1/64 g, and m/s2", () => {
    const e4 = rowsOf((i) => (i % 2 ? [0, 64, 0] : [0, 0, 32]));
    for (const [unit, scale] of [
      ['1/64 g', 1],
      ['m/s^2', 9.80665 / 64],
      ['mg', 1000 / 64],
    ] as const) {
      const channels = axes.map(([label]) => [label, unit] as const);
      const rows = e4.map((row) => row.map((x) => scale * x));
      const vector = vectorOfDevice('motion', { type: 'Accelerometer', sfreq: 32, channels }, rows, 4);
      expectValues(vector, { 'body.acc_sd': 0.25 });
    }
  });

  it('needs three axes in g', () => {
    const rows = rowsOf((i) => [i % 2, 0, 1]);
    const two = streamWith('ACC', 32, axes.slice(0, 2));
    expect(named(vectorAt('motion', two, rows.slice(0, 2), 4))).toEqual({ 'body.acc_sd': null });
    const unknown = streamWith('ACC', 32, [...axes.slice(0, 2), ['z', '']]);
    expect(named(vectorAt('motion', unknown, rows, 4))).toEqual({ 'body.acc_sd': null });
    const out = [rows[0], rows[1].map(() => Number.NaN), rows[2]];
    expect(named(vectorAt('motion', wristband, out, 4))).toEqual({ 'body.acc_sd': null });
  });

  it('leaves out a sample that an axis misses', () => {
    const rows = rowsOf((i) => (i % 2 ? [1, 0, 0] : [0, 0, 1.2]));
    // As many of either magnitude as before, less one pair.
    rows[0][10] = Number.NaN;
    rows[1][11] = Number.NaN;
    expectValues(vectorAt('motion', wristband, rows, 4), { 'body.acc_sd': 0.1 });
  });
});
