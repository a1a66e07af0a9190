import { describe, expect, it } from 'vitest';
import reference from '../../../../fixtures/features/reference.json' with { type: 'json' };
import {
  expectValues,
  named,
  referenceRow,
  streamWith,
  units,
  vectorAt,
  vectorOfDevice,
} from '../extractor-runs.js';

const info = streamWith('EDA', 4, [['eda', 'uS']]);
const SAMPLES = 16;
/** 5 uS and 0.1 uS/s, and 0.2 uS up and down without a trend of its own. */
const line = Array.from({ length: SAMPLES }, (_, i) => 5 + 0.1 * (i / 4));
const wave = line.map((x, i) => x + [0.2, -0.2, -0.2, 0.2][i % 4]);

describe('skin-conductance', () => {
  it('equals plain numpy', () => {
    const { eda, eda_level, eda_slope, eda_phasic_sd } = reference.skin;
    expectValues(vectorAt('skin-conductance', info, [referenceRow(eda)], 4), {
      'skin.eda_level': eda_level,
      'skin.eda_slope': eda_slope,
      'skin.eda_phasic_sd': eda_phasic_sd,
    });
  });

  it('gives level, slope and what quick responses leave beside the line', () => {
    const vector = vectorAt('skin-conductance', info, [wave], 4);
    expect(units(vector)).toEqual({
      'skin.eda_level': 'uS',
      'skin.eda_slope': 'uS/s',
      'skin.eda_phasic_sd': 'uS',
    });
    expectValues(vector, { 'skin.eda_level': 5.1875, 'skin.eda_slope': 0.1, 'skin.eda_phasic_sd': 0.2 });
    expectValues(vectorAt('skin-conductance', info, [line], 4), { 'skin.eda_phasic_sd': 0 });
  });

  it('keeps to the line over missing samples', () => {
    const holed = line.map((x, i) => (i === 3 || i === 9 ? Number.NaN : x));
    expectValues(vectorAt('skin-conductance', info, [holed], 4), {
      'skin.eda_slope': 0.1,
      'skin.eda_phasic_sd': 0,
    });
  });

  it.each([
    ['Empatica E4', 'EDA', 'EDA', 'uS', 1],
    ['a GSR in siemens', 'GSR', 'GSR_Siemens', 'S', 1e-6],
    ['nanosiemens', 'GSR', 'gsr', 'nS', 1000],
  ])('converts %s', (_, type, label, unit, scale) => {
    const device = { type, sfreq: 4, channels: [[label, unit] as const] };
    const vector = vectorOfDevice('skin-conductance', device, [wave.map((x) => scale * x)], 4);
    expectValues(vector, { 'skin.eda_level': 5.1875, 'skin.eda_slope': 0.1, 'skin.eda_phasic_sd': 0.2 });
  });

  it.each([
    ['kOhm', 1e3],
    ['Ohm', 1],
    ['MOhm', 1e6],
    ['kΩ', 1e3],
  ])('takes resistance in %s as conductance', (unit, ohm) => {
    const device = { type: 'GSR', sfreq: 4, channels: [['gsr', unit] as const] };
    const resistance = wave.map((us) => 1e6 / us / ohm);
    expectValues(vectorOfDevice('skin-conductance', device, [resistance], 4), {
      'skin.eda_level': 5.1875,
      'skin.eda_slope': 0.1,
      'skin.eda_phasic_sd': 0.2,
    });
    const open = vectorOfDevice('skin-conductance', device, [resistance.map(() => 0)], 4);
    expect([...open.present]).not.toContain(1);
  });

  it('masks unknown units', () => {
    const nothing = { 'skin.eda_level': null, 'skin.eda_slope': null, 'skin.eda_phasic_sd': null };
    for (const unit of ['mmHg', '']) {
      expect(named(vectorAt('skin-conductance', streamWith('EDA', 4, [['eda', unit]]), [wave], 4))).toEqual(
        nothing,
      );
      const device = { type: 'EDA', sfreq: 4, channels: [['eda', unit] as const] };
      expect(named(vectorOfDevice('skin-conductance', device, [wave], 4))).toEqual(nothing);
    }
  });

  it('averages two sites, and one site alone stands for itself', () => {
    const two = streamWith('EDA', 4, [
      ['left', 'uS'],
      ['right', 'uS'],
    ]);
    expectValues(vectorAt('skin-conductance', two, [line, line.map((x) => x + 2)], 4), {
      'skin.eda_level': 6.1875,
      'skin.eda_slope': 0.1,
    });
    const one = vectorAt('skin-conductance', two, [wave, wave.map(() => Number.NaN)], 4);
    expect(named(one)).toEqual(named(vectorAt('skin-conductance', info, [wave], 4)));
  });
});
