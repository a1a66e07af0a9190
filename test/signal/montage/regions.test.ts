import { describe, expect, it } from 'vitest';
import { synonymOf, tenFiveLabels } from '../../../src/signal/montage/labels.js';
import { regionOf, regions } from '../../../src/signal/montage/regions.js';

describe('regionOf', () => {
  it('places every 10-20, 10-10 and 10-5 electrode', () => {
    const used = new Set(tenFiveLabels.map(regionOf));
    expect(used.has(null)).toBe(false);
    expect([...used].sort()).toEqual([...regions].sort());
  });

  it('places devices', () => {
    const places = (labels: string) => labels.split(' ').map(regionOf);
    expect(places('TP9 AF7 AF8 TP10')).toEqual([
      'temporal_left',
      'frontal_left',
      'frontal_right',
      'temporal_right',
    ]);
    const epoc = places('AF3 F7 F3 FC5 T7 P7 O1 O2 P8 T8 FC6 F4 F8 AF4');
    expect(new Set(epoc).size).toBe(9);
    expect(places('Fp1 Fpz Fp2 Cz C3 C4 Pz CB1')).toEqual([
      'frontal_left',
      'frontal_mid',
      'frontal_right',
      'central_mid',
      'central_left',
      'central_right',
      'parietal_mid',
      'occipital',
    ]);
  });

  it('gives old names the place of their new ones', () => {
    for (const old of ['T3', 'T4', 'T5', 'T6']) expect(regionOf(old)).toBe(regionOf(synonymOf(old)!));
    expect(regionOf('T5')).toBe('parietal_left');
  });

  it('mirrors left and right', () => {
    for (const label of tenFiveLabels) {
      const match = /^([A-Za-z]+)(\d+)(h?)$/.exec(label);
      if (!match || Number(match[2]) % 2 === 0) continue;
      const other = regionOf(`${match[1]}${Number(match[2]) + 1}${match[3]}`);
      expect(other).toBe(regionOf(label)!.replace('left', 'right'));
    }
  });

  it('ignores case and repetition, and knows what is no scalp electrode', () => {
    expect(regionOf('FP1')).toBe('frontal_left');
    expect(regionOf('Fz#2')).toBe('frontal_mid');
    for (const label of ['', 'ch1', 'A1', 'M2', 'A2-A1', 'AUX', 'ECG', 'X1', 'F11', 'Fzh', 'Tz', 'EOG'])
      expect(regionOf(label), label).toBeNull();
  });
});
