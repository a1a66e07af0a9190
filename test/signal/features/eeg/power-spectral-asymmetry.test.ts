import { describe, expect, it } from 'vitest';
import { featureName } from '../../../../src/core/features.js';
import { deapPairs } from '../../../../src/signal/montage/pairs.js';
import { profiles } from '../../../../src/simulation/profile.js';
import { noise } from '../../transforms/signals.js';
import { named, streamWith, units, vectorAt } from '../extractor-runs.js';

const FEATURE = 'power-spectral-asymmetry';
const bands = ['theta', 'slow_alpha', 'alpha', 'beta', 'gamma'];
const cap = (labels: readonly string[]) =>
  streamWith(
    'EEG',
    128,
    labels.map((label) => [label, 'uV'] as const),
  );
const rowsOf = (labels: readonly string[]) =>
  labels.map((_, c) => noise(512, c + 1).map((x) => (1 + c / 4) * x));
const at = (labels: readonly string[], rows: readonly number[][], feature: string) =>
  named(vectorAt(feature, cap(labels), rows, 4));

describe(FEATURE, () => {
  it("is left minus right in 14 pairs and 5 bands of DEAP's cap", () => {
    const labels = profiles.deap32.eeg.channels.map(({ label }) => label);
    const rows = rowsOf(labels);
    const psd = at(labels, rows, 'band-power-welch');
    const expected = deapPairs.flatMap(([left, right]) =>
      bands.map((b) => [`${left}-${right}.psa_${b}`, psd[`${left}.psd_${b}`]! - psd[`${right}.psd_${b}`]!]),
    );
    expect(expected).toHaveLength(70);
    expect(Object.entries(at(labels, rows, FEATURE))).toEqual(expected);
  });

  it('goes by label: order and other channels change nothing, old names are found', () => {
    const labels = ['F4', 'AUX', 'T4', 'F3', 'T3'];
    const rows = rowsOf(labels);
    const one = at(labels, rows, FEATURE);
    expect(Object.keys(one)).toEqual(['F3-F4', 'T3-T4'].flatMap((p) => bands.map((b) => `${p}.psa_${b}`)));
    expect(at([...labels].reverse(), [...rows].reverse(), FEATURE)).toEqual(one);
    expect(units(vectorAt(FEATURE, cap(labels), rows, 4))['F3-F4.psa_beta']).toBe('dB');
  });

  it('masks a pair of which one is missing, and has nothing where no pair is', () => {
    const labels = ['F3', 'F4', 'O1', 'O2'];
    const rows = rowsOf(labels);
    rows[1].fill(Number.NaN);
    expect(Object.values(at(labels, rows, FEATURE)).map((v) => v === null)).toEqual([
      ...bands.map(() => true),
      ...bands.map(() => false),
    ]);
    expect(
      vectorAt(FEATURE, cap(['Cz', '']), rowsOf(['Cz', '']), 4).schema.features.map(featureName),
    ).toEqual([]);
  });

  it('takes other pairs', () => {
    const features = [{ name: FEATURE, pairs: [['Fz', 'Pz']] }];
    const vector = vectorAt(FEATURE, cap(['Fz', 'Pz']), rowsOf(['Fz', 'Pz']), 4, { features });
    expect(vector.schema.features.map((f) => f.channel)).toEqual(bands.map(() => 'Fz-Pz'));
  });
});
