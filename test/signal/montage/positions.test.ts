import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { tenFiveLabels } from '../../../src/signal/montage/labels.js';
import { dot, positionOf } from '../../../src/signal/montage/positions.js';

const degrees = (rad: number) => (rad * 180) / Math.PI;

describe('positionOf', () => {
  it('puts the landmarks where the 10-20 system does', () => {
    expect(positionOf('Cz')!.map((v) => Math.round(1e6 * v) + 0)).toEqual([0, 0, 1e6]);
    for (const [label, azimuth, elevation] of [
      ['Nz', 0, 0],
      ['Fpz', 0, 18],
      ['Fp2', 18, 18],
      ['F8', 54, 18],
      ['T8', 90, 18],
      ['P8', 126, 18],
      ['O2', 162, 18],
      ['Oz', 180, 18],
      ['TP10', 108, 0],
    ] as const) {
      const [x, y, z] = positionOf(label)!;
      expect(degrees(Math.atan2(x, y)), label).toBeCloseTo(azimuth, 9);
      expect(degrees(Math.asin(z)), label).toBeCloseTo(elevation, 9);
    }
  });

  it('divides arcs evenly', () => {
    const angle = (a: string, b: string) => degrees(Math.acos(dot(positionOf(a)!, positionOf(b)!)));
    expect(angle('C3', 'Cz')).toBeCloseTo(36, 9);
    expect(angle('C3', 'T7')).toBeCloseTo(36, 9);
    for (const row of ['AF', 'F', 'PO'])
      for (const [a, b] of [
        ['1', '3'],
        ['3', '5'],
        ['5', '7'],
      ])
        expect(angle(row + a, row + b), row).toBeCloseTo(angle(`${row}z`, `${row}2`), 9);
  });

  it('knows every name of the systems, on the unit sphere, mirrored left to right, no two in one place', () => {
    const seen = new Set<string>();
    for (const label of tenFiveLabels) {
      const [x, y, z] = positionOf(label)!;
      expect(x * x + y * y + z * z, label).toBeCloseTo(1, 12);
      seen.add([x, y, z].map((v) => (Math.round(v * 1e6) + 0).toString()).join());
      const [, row, number, half] = /^(\D+?)(\d+)(h?)$/.exec(label) ?? [];
      if (!number || Number(number) % 2 === 0) continue;
      const [mx, my, mz] = positionOf(`${row}${Number(number) + 1}${half}`)!;
      expect([mx, my, mz]).toEqual([-x, y, z]);
    }
    expect(seen.size).toBe(tenFiveLabels.length);
  });

  it('reads old names and other spellings, and nothing else', () => {
    expect(positionOf('T3')).toEqual(positionOf('T7'));
    expect(positionOf('EEG T6-Ref')).toEqual(positionOf('P8'));
    expect(positionOf('FP1#2')).toEqual(positionOf('Fp1'));
    for (const label of ['', 'ch1', 'A1', 'M2', 'CB1', 'EKG']) expect(positionOf(label), label).toBeNull();
  });
});

const published = join(import.meta.dirname, '../../../../shared/montages/spherical_1005.tsv');
describe.skipIf(!existsSync(published))('the published spherical 10-5 table (absent here)', () => {
  it('has the same places, to its four decimals, which are cut, not rounded', () => {
    const rows = readFileSync(published, 'utf8').trim().split('\n').slice(1);
    let compared = 0;
    for (const row of rows) {
      const [label, ...xyz] = row.trim().split('\t');
      const own = positionOf(label);
      if (!own) continue;
      compared++;
      for (const [i, v] of xyz.entries()) expect(Math.abs(own[i] - Number(v)), label).toBeLessThan(1e-4);
    }
    expect(compared).toBe(tenFiveLabels.length);
  });
});
