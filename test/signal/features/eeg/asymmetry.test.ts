import { describe, expect, it } from 'vitest';
import { profiles } from '../../../../src/simulation/profile.js';
import { noise } from '../../transforms/signals.js';
import { named, streamWith, units, vectorAt } from '../extractor-runs.js';

const FEATURE = 'asymmetry';
const bands = ['delta', 'theta', 'alpha', 'beta', 'gamma'];
const cap = (labels: readonly string[]) =>
  streamWith(
    'EEG',
    128,
    labels.map((label) => [label, 'uV'] as const),
  );
const rowsOf = (labels: readonly string[]) =>
  labels.map((_, c) => noise(512, c + 1).map((x) => 20 * (1 + c / 4) * x));
const at = (labels: readonly string[], feature = FEATURE, params: Record<string, unknown> = {}) =>
  named(vectorAt(feature, cap(labels), rowsOf(labels), 4, params));

describe(FEATURE, () => {
  it('has 27 lateral and 23 caudal pairs on the cap of SEED', () => {
    const values = at(profiles.seed62.eeg.channels.map(({ label }) => label));
    const count = (measure: string) =>
      Object.keys(values).filter((name) => name.includes(`.${measure}_`)).length;
    expect([count('dasm'), count('rasm'), count('dcau')]).toEqual([27 * 5, 27 * 5, 23 * 5]);
    expect(Object.values(values).every((v) => v !== null)).toBe(true);
  });

  it('is the difference and the ratio of differential entropies', () => {
    const labels = ['Fp2', 'O1', 'Fp1', 'FT8', 'T6', 'F8'];
    const de = at(labels, 'differential-entropy');
    const [values, names] = [at(labels), Object.keys(at(labels))];
    expect(names).toEqual([
      ...bands.map((b) => `Fp1-Fp2.dasm_${b}`),
      ...bands.map((b) => `Fp1-Fp2.rasm_${b}`),
      ...bands.map((b) => `F8-T6.dcau_${b}`),
      ...bands.map((b) => `Fp1-O1.dcau_${b}`),
    ]);
    for (const b of bands) {
      const [left, right, front, back] = ['Fp1', 'Fp2', 'F8', 'T6'].map((c) => de[`${c}.de_${b}`]!);
      expect(values[`Fp1-Fp2.dasm_${b}`]).toBe(left - right);
      expect(values[`Fp1-Fp2.rasm_${b}`]).toBe(left / right);
      expect(values[`F8-T6.dcau_${b}`]).toBe(front - back);
    }
    const vector = vectorAt(FEATURE, cap(labels), rowsOf(labels), 4);
    expect(units(vector)).toMatchObject({ 'Fp1-Fp2.dasm_alpha': 'nat', 'Fp1-Fp2.rasm_alpha': 'ratio' });
  });

  it('gives what is asked for, of pairs that are asked for', () => {
    const features = [
      {
        name: FEATURE,
        measures: ['dcau', 'dasm'],
        pairs: [['O1', 'Fp1']],
        bands: [{ name: 'a', low_hz: 8, high_hz: 12 }],
      },
    ];
    expect(Object.keys(at(['Fp1', 'O1'], FEATURE, { features }))).toEqual(['Fp1-O1.dcau_a', 'O1-Fp1.dasm_a']);
  });
});
