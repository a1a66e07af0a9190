import { describe, expect, it } from 'vitest';
import reference from '../../../../fixtures/features/peripheral.json' with { type: 'json' };
import { chunkOf } from '../../../../src/testing/stream-fixtures.js';
import { expectValues, named, streamWith, units, vectorAt, vectorsOf } from '../extractor-runs.js';

const FEATURE = 'skin-conductance-response';
const { sfreq, eda, ...expected } = reference.skin;
const info = streamWith('EDA', sfreq, [['eda', 'uS']]);

describe(FEATURE, () => {
  it("equals scipy's causal filters, and counts responses of the last half minute", () => {
    const vector = vectorAt(FEATURE, info, [eda], 60);
    expect(units(vector)).toEqual({
      'skin.eda_tonic': 'uS',
      'skin.eda_phasic_rms': 'uS',
      'skin.scr_rate': '1/min',
      'skin.scr_amplitude': 'uS',
    });
    expectValues(vector, {
      'skin.eda_tonic': expected.eda_tonic,
      'skin.eda_phasic_rms': expected.eda_phasic_rms,
    });
    // Onsets at 31.5, 44 and 52 s: three in 30 s.
    expectValues(vector, { 'skin.scr_rate': 6 });
    expect(named(vector)['skin.scr_amplitude']!).toBeGreaterThan(0.45);
    expect(named(vector)['skin.scr_amplitude']!).toBeLessThan(0.53);
  });

  it('counts once half of the time was seen, and gives no amplitude without a response', () => {
    const chunks = [chunkOf(info, [eda], 0)];
    const vectors = vectorsOf(FEATURE, info, chunks, [5, 11, 14, 15, 20]).map(named);
    expect(vectors.map((v) => v['skin.scr_rate'] !== null)).toEqual([false, false, false, true, true]);
    expect(vectors.map((v) => v['skin.eda_phasic_rms'] !== null)).toEqual([false, true, true, true, true]);
    const calm = named(vectorAt(FEATURE, info, [eda.map(() => 3)], 40));
    expect(calm).toMatchObject({ 'skin.scr_rate': 0, 'skin.scr_amplitude': null, 'skin.eda_phasic_rms': 0 });
  });

  it('takes the threshold from its parameters, and resistance as conductance', () => {
    const features = [{ name: FEATURE, least_us: 0.8 }];
    expectValues(vectorAt(FEATURE, info, [eda], 60, { features }), { 'skin.scr_rate': 0 });
    const ohm = streamWith('EDA', sfreq, [['gsr', 'ohm']]);
    const resistance = eda.map((us) => 1e6 / us);
    const [got, own] = [vectorAt(FEATURE, ohm, [resistance], 60), vectorAt(FEATURE, info, [eda], 60)];
    expect([...got.present]).toEqual([...own.present]);
    for (const [i, x] of own.values.entries()) expect(got.values[i]).toBeCloseTo(x, 9);
    const other = streamWith('EDA', sfreq, [['gsr', 'mmHg']]);
    expect([...vectorAt(FEATURE, other, [eda], 60).present]).not.toContain(1);
  });
});
