import { describe, expect, it } from 'vitest';
import type { FeatureVector } from '../../../src/core/features.js';
import { FeatureTable } from '../../../src/pipeline/run/feature-table.js';

/** `values`: null is masked. */
function vectorOf(time: number, values: readonly (number | null)[], prefix = 'f'): FeatureVector {
  return {
    schema: { features: values.map((_, i) => ({ channel: 'Cz', feature: `${prefix}${i}`, unit: '' })) },
    values: Float64Array.from(values, (v) => v ?? Number.NaN),
    present: Uint8Array.from(values, (v) => (v === null ? 0 : 1)),
    time,
    window: [time - 4, time],
    coverage: 1,
    reason: null,
  };
}

const a = { name: 'a', source: 'eeg' };
const b = { name: 'b', source: 'gaze' };

describe('FeatureTable', () => {
  it('writes values so that they read back to the same bits', () => {
    const values = [0.1 + 0.2, 1e21, -5e-324, 1 / 3, 2 ** 53, -0];
    const table = new FeatureTable([a]);
    table.add('a', vectorOf(4, values));
    const [header, row, end] = table.close().split('\r\n');
    expect(header).toBe(`time,${values.map((_, i) => `eeg.Cz.f${i}`).join(',')}`);
    expect(row.split(',').slice(1).map(Number)).toEqual(values.map((v) => v + 0));
    expect(end).toBe('');
  });

  it('leaves cells empty that are masked, not finite, or of a node without a vector', () => {
    const table = new FeatureTable([a, b]);
    table.add('a', vectorOf(4, [1, null, 3]));
    expect(table.close()).toBe('');
    table.add('a', vectorOf(5, [Number.POSITIVE_INFINITY, 2, 3]));
    table.add('b', vectorOf(5, [7, 8], 'g'));
    const text = table.close();
    table.add('b', vectorOf(6, [9, null], 'g'));
    expect((text + table.close()).split('\r\n')).toEqual([
      'time,eeg.Cz.f0,eeg.Cz.f1,eeg.Cz.f2,gaze.Cz.g0,gaze.Cz.g1',
      '4,1,,3,,',
      '5,,2,3,7,8',
      '6,,,,9,',
      '',
    ]);
  });

  it('has no columns for a node that never gave a vector', () => {
    const table = new FeatureTable([a, b]);
    table.add('a', vectorOf(4, [1]));
    expect(table.close()).toBe('');
    expect(table.flush()).toBe('time,eeg.Cz.f0\r\n4,1\r\n');
  });

  it('keeps the columns of the first layout', () => {
    const table = new FeatureTable([a]);
    table.add('a', vectorOf(4, [1, 2]));
    table.close();
    table.add('a', vectorOf(5, [3, 4, 5]));
    expect(table.close()).toBe('5,3,4\r\n');
    table.add('a', vectorOf(6, [6]));
    expect(table.close()).toBe('6,6,\r\n');
  });

  it('names columns after the nodes where two share a source, and takes nothing of other nodes', () => {
    const table = new FeatureTable([a, { name: 'c', source: 'eeg' }, b]);
    table.add('a', vectorOf(4, [1]));
    table.add('c', vectorOf(4, [2]));
    table.add('b', vectorOf(4, [3]));
    table.add('d', vectorOf(4, [4]));
    expect(table.close()).toBe('time,a.Cz.f0,c.Cz.f0,gaze.Cz.f0\r\n4,1,2,3\r\n');
  });
});
